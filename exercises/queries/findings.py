"""Findings as the pages show them: the list with its filters, and the life of one.

Called by the pages of findings and debrief. The number of queries does not depend on the
number of findings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from urllib.parse import urlencode

from django.contrib.postgres.search import SearchQuery
from django.db.models import Prefetch, Q

from exercises.domain.actors import Actor
from exercises.domain.finding_states import LIFE, MOVES, OPEN, FindingState, Severity
from exercises.models import Experiment, Finding, FindingNote, Run, SavedView, Team, User
from exercises.models.findings import LANGUAGE, FindingQuerySet

_S = FindingState
OPEN_VALUES: Final = tuple(sorted(state.value for state in OPEN))
LOOK_OF: Final[Mapping[FindingState, tuple[str, str]]] = {
    _S.DRAFT: ("draft", "Drafted"),
    _S.FOUND: ("found", "Found"),
    _S.ACCEPTED: ("open", "Accepted"),
    _S.FIX_AGREED: ("fix_agreed", "Fix agreed"),
    _S.FIX_LIVE: ("fixed", "Fix live"),
    _S.RETEST: ("retest", "Retest"),
    _S.VERIFIED: ("verified", "Verified"),
    _S.DISMISSED: ("dismissed", "Dismissed"),
}
"""The look (web.looks) and the word of each state."""

STEP_WORDS: Final[Mapping[FindingState, str]] = {
    _S.FOUND: "Keep, without an owner yet",
    _S.ACCEPTED: "Accept",
    _S.FIX_AGREED: "Fix is agreed",
    _S.FIX_LIVE: "Fix is live",
    _S.RETEST: "Plan the retest",
    _S.VERIFIED: "Mark as verified",
    _S.DISMISSED: "Dismiss",
}

STATES: Final = (
    ("open", "Open"),
    ("all", "All"),
    *((state.value, words) for state, (_, words) in LOOK_OF.items()),
)

_ONWARD: Final = (*(step for step in LIFE if step is not _S.FOUND), _S.FOUND)


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to; empty means no limit."""

    state: str = "open"
    severity: int = 0
    team: str = ""
    overdue: bool = False
    search: str = ""


def read_filters(given: Mapping[str, str]) -> Filters:
    """What an address or a saved view asks for; what makes no sense is left out rather than
    refused."""
    state, severity = given.get("state", "open"), given.get("severity", "")
    return Filters(
        state=state if state in dict(STATES) else "open",
        severity=int(severity) if severity in {"1", "2", "3"} else 0,
        team=given.get("team", "")[:60],
        overdue=given.get("overdue") == "1",
        search=given.get("q", "").replace("\x00", "").strip()[:100],
    )


def filters_as_text(filters: Filters) -> dict[str, str]:
    """The filters as `read_filters` reads them; what is not narrowed is left out."""
    said = {
        "state": filters.state,
        "severity": str(filters.severity or ""),
        "team": filters.team,
        "overdue": "1" if filters.overdue else "",
        "q": filters.search,
    }
    return {name: value for name, value in said.items() if value}


def address_of_filters(filters: Filters) -> str:
    """The query of the address of the list so narrowed."""
    return urlencode(filters_as_text(filters))


@dataclass(frozen=True, slots=True)
class ViewRow:
    """A saved view as the list shows it."""

    view: SavedView
    address: str
    is_mine: bool
    is_current: bool


def saved_views(actor: Actor, filters: Filters) -> list[ViewRow]:
    """One's own views and those of one's teams, by name."""
    rows = SavedView.objects.visible_to(actor).select_related("team")
    here = address_of_filters(filters)
    return [
        ViewRow(row, at, row.person_id == actor.user_id, at == here)
        for row in rows
        for at in [address_of_filters(read_filters(row.filters))]
    ]


@dataclass(frozen=True, slots=True)
class LifeStep:
    """One step of the bar under a finding; `mark` is done, now or empty."""

    label: str
    at: datetime | None
    mark: str


@dataclass(frozen=True, slots=True)
class FindingCard:
    """A finding with what is said about it at a glance: its state, and what it waits for."""

    finding: Finding
    look: str
    words: str
    waits_look: str
    waits_for: str
    life: tuple[LifeStep, ...]
    is_overdue: bool


@dataclass(frozen=True, slots=True)
class Retest:
    """An experiment that repeats what found it, and its last run."""

    experiment: Experiment
    run: Run | None


def findings_of(actor: Actor) -> FindingQuerySet:
    """Every finding this actor may see, with what a card needs."""
    notes = FindingNote.objects.select_related("author").order_by("at", "id")
    return (
        Finding.objects.visible_to(actor)
        .select_related(
            "application__team",
            "exercise",
            "owner",
            "waived_by",
            "run__revision",
            "run__experiment",
        )
        .prefetch_related(Prefetch("notes", queryset=notes))
    )


def filtered(actor: Actor, filters: Filters, *, today: date) -> FindingQuerySet:
    """The list: gravest first, then the one due soonest."""
    rows = findings_of(actor)
    if filters.state == "open":
        rows = rows.filter(state__in=OPEN_VALUES)
    elif filters.state != "all":
        rows = rows.filter(state=filters.state)
    if filters.severity:
        rows = rows.filter(severity=filters.severity)
    if filters.team:
        rows = rows.filter(application__team__slug=filters.team)
    if filters.overdue:
        rows = rows.filter(due_on__lt=today, state__in=OPEN_VALUES)
    if filters.search:
        found = Q(title__icontains=filters.search) | Q(body__icontains=filters.search)
        found |= Q(words=SearchQuery(filters.search, config=LANGUAGE, search_type="websearch"))
        found |= Q(application__name__icontains=filters.search)
        number = filters.search.upper().removeprefix("F-")
        if number.isascii() and number.isdigit() and len(number) < 12:
            found |= Q(pk=int(number))
        rows = rows.filter(found)
    return rows.order_by("-severity", "due_on", "-pk")


def card_of(finding: Finding, *, today: date) -> FindingCard:
    """What a card says. The finding must come from `findings_of`."""
    state = FindingState(finding.state)
    look, words = LOOK_OF[state]
    waits_look, waits_for = _waits_for(finding, state) or (look, words)
    return FindingCard(
        finding=finding,
        look=look,
        words=words,
        waits_look=waits_look,
        waits_for=waits_for,
        life=life_of(state, finding.notes.all()),
        is_overdue=bool(finding.due_on and finding.due_on < today and state in OPEN),
    )


def _waits_for(finding: Finding, state: FindingState) -> tuple[str, str] | None:
    """Look and words of what has to happen next, where the state alone does not say it."""
    if state in {_S.FOUND, _S.ACCEPTED} and finding.owner_id is None:
        return "draft", "Owner needed"
    if state in {_S.ACCEPTED, _S.FIX_AGREED} and finding.due_on:
        return "waiting", f"Fix due {finding.due_on.day} {finding.due_on:%b}"
    return None


def life_of(state: FindingState, history: Iterable[FindingNote]) -> tuple[LifeStep, ...]:
    """From found to verified, each with the day it was last reached."""
    reached: dict[str, datetime] = {}
    for note in history:
        if note.to_state:
            reached[note.to_state] = note.at
    here = LIFE.index(state) if state in LIFE else -1
    return tuple(
        LifeStep(
            label=LOOK_OF[step][1],
            at=reached.get(step.value) if place <= here else None,
            mark=_mark(place, here, finished=state is FindingState.VERIFIED),
        )
        for place, step in enumerate(LIFE)
    )


def _mark(place: int, here: int, *, finished: bool) -> str:
    if place < here or (finished and place == here):
        return "done"
    return "now" if place == here else ""


def next_steps(state: FindingState) -> list[tuple[FindingState, str]]:
    """Where a finding may go from here: onward first, then back, the way out last."""
    moves = MOVES.get(state, frozenset())
    here = LIFE.index(state) if state in LIFE else -1
    onward = [to for to in _ONWARD if to in moves and LIFE.index(to) > here]
    back = [to for to in reversed(LIFE[: max(here, 0)]) if to in moves]
    out = [_S.DISMISSED] if _S.DISMISSED in moves else []
    return [
        *((to, STEP_WORDS[to]) for to in onward),
        *((to, f"Back to {LOOK_OF[to][1].lower()}") for to in back),
        *((to, STEP_WORDS[to]) for to in out),
    ]


def retests_of(actor: Actor, finding: Finding) -> list[Retest]:
    """The experiments planned against this finding that this actor may see, newest first."""
    runs = Run.objects.filter(is_rehearsal=False).order_by("-scheduled_at")
    experiments = (
        Experiment.objects.visible_to(actor)
        .filter(retest_of=finding)
        .select_related("exercise")
        .prefetch_related(Prefetch("runs", queryset=runs))
        .order_by("-pk")
    )
    return [Retest(e, next(iter(e.runs.all()), None)) for e in experiments]


def possible_owners(finding: Finding) -> Sequence[User]:
    """Who may own it: the members of the application's team, and who owns it already."""
    return list(
        User.objects.filter(
            Q(memberships__team=finding.application.team_id) | Q(pk=finding.owner_id),
            is_active=True,
        )
        .distinct()
        .order_by("name")
    )


def teams_with_findings(actor: Actor) -> Sequence[Team]:
    """The teams the list can be narrowed to."""
    seen = Finding.objects.visible_to(actor).values("application__team")
    return list(Team.objects.filter(pk__in=seen))


SEVERITIES: Final = tuple((level.value, level.label) for level in reversed(Severity))
