"""Where one can go: the navigation of every page, in one list.

`exercises.web.context` calls `navigation`; base.html draws it, and app.js reads the keys
(G, then the letter).
"""

from __future__ import annotations

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
            Place("exercise_list", "exercise", "Exercises", "e"),
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
            Place("team_list", "people", "Teams"),
            Place("report_list", "chart", "Reports"),
        ),
    ),
    (
        "Set up",
        (
            Place("application_list", "server", "Applications"),
            Place("account_list", "globe", "AWS accounts"),
            Place("schedule_list", "refresh", "Schedules"),
            Place("policy", "policy", "Policy"),
            Place("blameless", "user", "Blameless mode"),
            Place("freeze_list", "snow", "Freezes"),
            Place("incident_list", "warn", "Incidents"),
            Place("api_docs", "plug", "API"),
            Place("tokens", "key", "API tokens"),
            Place("webhook_list", "link", "Webhooks"),
            Place("notify_wishes", "bell", "Notifications"),
            Place("audit", "audit", "Audit log", needs="audit.read"),
        ),
    ),
)


def navigation(
    request: HttpRequest, actor: Actor, *, approvals_waiting: int = 0
) -> tuple[Group, ...]:
    """The groups of links, with the place of this request marked."""
    counts = {"approvals": approvals_waiting}
    hrefs = [reverse(place.url_name) for _, places in PLACES for place in places]
    here = max((href for href in hrefs if is_within(request.path, href)), key=len, default="")
    return tuple(
        Group(
            label,
            tuple(
                _link(place, here, counts)
                for place in places
                if not place.needs or may(actor, place.needs)
            ),
        )
        for label, places in PLACES
    )


def _link(place: Place, here: str, counts: dict[str, int]) -> Link:
    href = reverse(place.url_name)
    return Link(
        href=href,
        icon=place.icon,
        label=place.label,
        key=place.key,
        count=counts.get(place.url_name, 0),
        is_current=href == here,
    )


def is_within(path: str, href: str) -> bool:
    """True on the page itself and below it; the root is only itself."""
    return path == href or (href != "/" and path.startswith(href.rstrip("/") + "/"))
