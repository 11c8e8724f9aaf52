"""Search or jump to: the field in the head of every page, and the page it leads to.

Typing asks for a fragment; without JavaScript the field is a form. A single hit is gone to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_GET

from exercises.queries.search import LONGEST, Hit, search
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.navigation import pages


@dataclass(frozen=True, slots=True)
class Line:
    href: str
    icon: str
    name: str
    beside: str


@dataclass(frozen=True, slots=True)
class Kind:
    """How hits of a kind are shown, and where each leads."""

    words: str
    icon: str
    href: Callable[[str], str]


def _at(name: str) -> Callable[[str], str]:
    return lambda key: reverse(name, args=(key,))


KINDS: Final = {
    "exercise": Kind("Exercises", "exercise", _at("exercise_detail")),
    "experiment": Kind("Experiments", "flask", _at("experiment_detail")),
    "finding": Kind("Findings", "finding", _at("finding_detail")),
    "application": Kind("Applications", "server", _at("application_detail")),
    "team": Kind("Teams", "people", _at("team_detail")),
    "template": Kind("Templates", "layers", _at("template_detail")),
    "account": Kind("AWS accounts", "globe", _at("account_detail")),
    "knowledge": Kind("Knowledge", "info", _at("knowledge_detail")),
}


@require_GET
@signed_in
def search_page(request: SignedInRequest) -> HttpResponse:
    """What was found, by kind; as a fragment for the field in the head."""
    typed = request.GET.get("q", "").strip()[:LONGEST]
    hits = search(request.actor, typed)
    groups = _groups(_places(request, typed), hits)
    is_fragment = bool(request.headers.get("HX-Request"))
    if len(hits) == 1 and not is_fragment and len(groups) == 1:
        return redirect(groups[0][1][0].href)
    template = "search/_hits.html" if is_fragment else "search/page.html"
    return render(request, template, {"typed": typed, "groups": groups})


def href_of(hit: Hit) -> str:
    """The page of what was found."""
    return KINDS[hit.kind].href(hit.key)


def _places(request: SignedInRequest, typed: str) -> list[Line]:
    """The pages of the navigation that are called so."""
    words = typed.casefold().split()
    return [
        Line(link.href, link.icon, link.label, "")
        for link in pages(request.actor)
        if words and all(word in link.label.casefold() for word in words)
    ]


def _groups(places: list[Line], hits: Sequence[Hit]) -> list[tuple[str, list[Line]]]:
    found = [
        (
            kind.words,
            [
                Line(href_of(hit), kind.icon, hit.name, hit.beside)
                for hit in hits
                if hit.kind == name
            ],
        )
        for name, kind in KINDS.items()
    ]
    return [(words, lines) for words, lines in [("Go to", places), *found] if lines]


urlpatterns = [path("search/", search_page, name="search")]
