"""Where one can go: the navigation of every page, in one list.

`exercises.web.context` calls `navigation`; base.html draws it, and app.js reads the keys
(G, then the letter).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest
from django.urls import reverse

from exercises.domain.actors import Actor
from exercises.permissions import may


@dataclass(frozen=True)
class Place:
    url_name: str
    icon: str
    label: str
    key: str = ""
    needs: str = ""  # the permission without which it is not offered
    tabs: tuple[Place, ...] = ()  # what stands beside each other here, this page first


@dataclass(frozen=True)
class Link:
    href: str
    icon: str
    label: str
    key: str
    count: int
    is_current: bool


@dataclass(frozen=True)
class Group:
    label: str
    links: tuple[Link, ...]


PLACES: Final[tuple[tuple[str, tuple[Place, ...]], ...]] = (
    (
        "",
        (
            Place("home", "home", "Home", "h"),
            Place("calendar", "calendar", "Calendar", "c"),
            Place("approvals", "approve", "Approvals", "a"),
        ),
    ),
    (
        "Run",
        (
            Place(
                "exercise_list",
                "exercise",
                "Exercises",
                "e",
                tabs=(
                    Place("exercise_list", "exercise", "Exercises"),
                    Place("schedule_list", "refresh", "Schedules"),
                ),
            ),
            Place("experiment_list", "flask", "Experiments"),
            Place("template_list", "layers", "Templates", "t"),
            Place("gameday_list", "trophy", "Game days"),
        ),
    ),
    (
        "Learn",
        (
            Place("finding_list", "finding", "Findings"),
            Place("knowledge_list", "info", "Knowledge"),
            Place(
                "team_list",
                "people",
                "Teams",
                tabs=(
                    Place("team_list", "people", "Teams"),
                    Place("application_list", "server", "Applications"),
                    Place("person_forget", "user", "Forget a person", needs="person.forget"),
                ),
            ),
            Place("report_list", "chart", "Reports"),
        ),
    ),
    (
        "Set up",
        (
            Place(
                "tokens",
                "plug",
                "API & integrations",
                tabs=(
                    Place("tokens", "key", "API tokens"),
                    Place("webhook_list", "link", "Webhooks"),
                    Place("ci_issuer_list", "key", "Sign in from CI", needs="ci.configure"),
                    Place("account_list", "globe", "AWS accounts"),
                    Place("notify_wishes", "bell", "Notifications"),
                    Place("api_docs", "plug", "API reference"),
                ),
            ),
            Place(
                "policy",
                "policy",
                "Policy & freezes",
                tabs=(
                    Place("policy", "policy", "Policy"),
                    Place("freeze_list", "snow", "Freezes"),
                    Place("incident_list", "warn", "Incidents"),
                    Place("blameless", "user", "Blameless mode"),
                ),
            ),
            Place("audit", "audit", "Audit log", needs="audit.read"),
        ),
    ),
)


def navigation(
    request: HttpRequest, actor: Actor, *, approvals_waiting: int = 0
) -> tuple[Group, ...]:
    """The groups of links, with the place of this request marked."""
    counts = {"approvals": approvals_waiting}
    here = _here(request)
    return tuple(
        Group(label, tuple(_link(place, here, counts) for place in _offered(places, actor)))
        for label, places in PLACES
    )


def tabs(request: HttpRequest, actor: Actor) -> tuple[Link, ...]:
    """What stands beside this very page; nothing below it, which has tabs of its own."""
    for _, places in PLACES:
        for place in places:
            links = tuple(_link(tab, request.path, {}) for tab in _offered(place.tabs, actor))
            if any(link.is_current for link in links):
                return links
    return ()


def pages(actor: Actor) -> tuple[Link, ...]:
    """Every page that one can go to by name."""
    return tuple(
        _link(page, "", {})
        for _, places in PLACES
        for place in places
        for page in _offered(place.tabs or (place,), actor)
    )


def _offered(places: tuple[Place, ...], actor: Actor) -> Iterator[Place]:
    return (place for place in places if not place.needs or may(actor, place.needs))


def _here(request: HttpRequest) -> str:
    """The address of the page that this one is below, or is."""
    names = [page.url_name for _, places in PLACES for one in places for page in (one, *one.tabs)]
    hrefs = (reverse(name) for name in names)
    return max((href for href in hrefs if is_within(request.path, href)), key=len, default="")


def _link(place: Place, here: str, counts: dict[str, int]) -> Link:
    href = reverse(place.url_name)
    return Link(
        href=href,
        icon=place.icon,
        label=place.label,
        key=place.key,
        count=counts.get(place.url_name, 0),
        is_current=here in {href, *(reverse(tab.url_name) for tab in place.tabs)},
    )


def is_within(path: str, href: str) -> bool:
    """True on the page itself and below it; the root is only itself."""
    return path == href or (href != "/" and path.startswith(href.rstrip("/") + "/"))
