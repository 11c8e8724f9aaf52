"""What "Search or jump to" finds: things by name and by code, of what this person may see.

Used by the search page and by /api/v1/search/; one query a kind, whatever there is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeVar

from django.db.models import Model, Q, QuerySet

from exercises.domain.actors import Actor
from exercises.models import (
    Application,
    CloudAccount,
    Exercise,
    Experiment,
    Finding,
    KnowledgePage,
    Team,
    Template,
)

LONGEST: Final = 100  # characters of what is typed that are looked for
WORDS: Final = 6
EACH: Final = 6  # hits of one kind
CODE: Final = re.compile(r"(EXP|F)-(\d{1,9})", re.IGNORECASE)
M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that was found. `kind` and `key` say which; `beside` tells it from its like."""

    kind: str
    key: str
    name: str
    beside: str


def search(actor: Actor, typed: str) -> list[Hit]:
    """What has every word typed in its name, its place or its code; at most EACH of a kind."""
    text = typed.replace("\x00", "")[:LONGEST]
    words = text.split()[:WORDS]
    if not words:
        return []
    return [
        Hit(kind, str(key), name, beside)
        for kind, rows in _found(actor, words, CODE.fullmatch(text.strip()))
        for key, name, beside in rows
    ]


def _found(
    actor: Actor, words: list[str], code: re.Match[str] | None
) -> Iterable[tuple[str, Iterable[tuple[object, str, str]]]]:
    exercises = _having(Exercise.objects.visible_to(actor), words, "name", "slug")
    yield "exercise", _first(exercises.order_by("-starts_at", "-pk"), "slug", "name", "region")
    experiments = Experiment.objects.visible_to(actor)
    titled = _having(experiments, words, "title", "application__name")
    if code and code[1].upper() == "EXP":
        titled = experiments.filter(pk=int(code[2]))
    yield (
        "experiment",
        [
            (row.pk, row.title, f"{row.code}, {row.application.name}")
            for row in titled.select_related("application").order_by("-pk")[:EACH]
        ],
    )
    findings = Finding.objects.visible_to(actor)
    told = _having(findings, words, "title", "application__name")
    if code and code[1].upper() == "F":
        told = findings.filter(pk=int(code[2]))
    yield (
        "finding",
        [
            (row.pk, row.title, f"{row.code}, {row.application.name}")
            for row in told.select_related("application").order_by("-pk")[:EACH]
        ],
    )
    applications = _having(Application.objects.all(), words, "name", "slug")
    yield "application", _first(applications.order_by("name"), "slug", "name", "team__name")
    teams = _having(Team.objects.all(), words, "name", "slug")
    yield "team", _first(teams.order_by("name"), "slug", "name", "division__name")
    templates = _having(Template.objects.filter(retired_at=None), words, "name", "slug")
    yield "template", _first(templates.order_by("name"), "slug", "name", "failure_family")
    accounts = _having(CloudAccount.objects.all(), words, "name", "account_id")
    yield "account", _first(accounts.order_by("name"), "account_id", "name", "account_id")
    known = KnowledgePage.objects.filter(current__isnull=False)
    pages = _having(known, words, "current__title").order_by("-current__written_at", "pk")
    yield "knowledge", _first(pages, "slug", "current__title", "slug")


def _having(rows: QuerySet[M], words: list[str], *fields: str) -> QuerySet[M]:
    """The rows that have every word in one of these fields."""
    for word in words:
        in_any = Q()
        for field in fields:
            in_any |= Q(**{f"{field}__icontains": word})
        rows = rows.filter(in_any)
    return rows


def _first(rows: QuerySet[M], *columns: str) -> Iterable[tuple[object, str, str]]:
    found = rows.values_list(*columns)[:EACH]
    return [(key, name, beside or "") for key, name, beside in found]
