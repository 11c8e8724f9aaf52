"""What lies between two instants: exercises, experiments on their own, deadlines, freezes, and
editions that a schedule has yet to create.

Called by the calendar's pages, its feeds and the API. A constant number of queries, whatever
the span; everything comes from rows that this actor may see.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Q

from exercises.domain.actors import Actor
from exercises.domain.deadlines import deadlines_of
from exercises.domain.exercise_phases import BEFORE_LIVE, Phase
from exercises.domain.recurrence import Occurrence, occurrences
from exercises.domain.times import Window
from exercises.models import Exercise, Experiment, FreezeWindow, Participation, Schedule
from exercises.queries.schedule_rules import rule_of

DEADLINES_REACH: Final = timedelta(days=12)
"""How far a deadline lies from its exercise at most, weekends included."""
MOST_PLANNED: Final = 400


@dataclass(frozen=True, slots=True)
class Show:
    """What to leave out. `teams` None means all of them."""

    teams: frozenset[int] | None = None
    production_only: bool = False
    region: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in the calendar.

    `uid` names it for ever. `kind` is exercise, game_day, experiment, deadline, freeze or
    planned. A deadline is a whole day, that of `starts_at` in `timezone`; all else is exact.
    `brief` is what fits into a day of a month, where there is something shorter.
    """

    uid: str
    kind: str
    title: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    detail: str = ""
    exercise_slug: str = ""
    exercise_id: int = 0
    experiment_id: int = 0
    deadline: str = ""
    brief: str = ""
    phase: str = ""
    region: str = ""
    counts: str = ""
    is_cancelled: bool = False
    changed_at: datetime | None = None

    @property
    def is_whole_day(self) -> bool:
        return self.kind == "deadline"

    @property
    def is_live(self) -> bool:
        return self.phase == Phase.LIVE.value and not self.is_whole_day


@dataclass(frozen=True, slots=True)
class _Part:
    """What an exercise's experiment says about it."""

    pk: int
    exercise_id: int
    title: str
    status: str
    application: str
    team_id: int
    environment: str
    region: str


def calendar_entries(
    actor: Actor, window: Window, *, now: datetime, show: Show | None = None
) -> list[Entry]:
    """Everything in the window, by time. Cancelled things are in it, marked."""
    show = show or Show()
    exercises = _exercises(actor, window)
    parts = _parts(actor, exercises)
    invited = _invited(exercises) if show.teams is not None else {}
    found: list[Entry] = []
    for exercise in exercises:
        mine = parts[exercise.pk]
        if _is_shown(exercise, mine, invited.get(exercise.pk, frozenset()), show):
            found += _entries(exercise, mine)
    found += _freezes(show, window)
    found += _planned(show, window, now)
    shown = [e for e in found if e.starts_at < window.ends_at and e.ends_at > window.starts_at]
    return sorted(shown, key=lambda e: (e.starts_at, _RANK[e.kind], e.title, e.uid))


_RANK: Final = {
    "freeze": 0, "exercise": 1, "game_day": 1, "planned": 1, "deadline": 2, "experiment": 3,
}  # fmt: skip


# -- Exercises and what is in them ---------------------------------------------------------


def _exercises(actor: Actor, window: Window) -> list[Exercise]:
    return list(
        Exercise.objects.visible_to(actor)
        .filter(
            starts_at__lt=window.ends_at + DEADLINES_REACH,
            ends_at__gt=window.starts_at - DEADLINES_REACH,
        )
        .order_by("starts_at", "pk")
    )


def _parts(actor: Actor, exercises: Sequence[Exercise]) -> dict[int, list[_Part]]:
    """The experiments by exercise: proposed ones, drafts of one's own, and what was sent once
    and then taken back."""
    rows = (
        Experiment.objects.visible_to(actor)
        .filter(Q(proposed_at__isnull=False) | Q(status="draft"))
        .filter(exercise__in=[exercise.pk for exercise in exercises])
        .order_by("pk")
        .values_list(
            "pk",
            "exercise_id",
            "title",
            "status",
            "application__name",
            "application__team_id",
            "deployment__place__account__environment",
            "deployment__place__region",
        )
        .distinct()
    )
    found: dict[int, list[_Part]] = defaultdict(list)
    for row in rows:
        part = _Part(*row)
        found[part.exercise_id].append(part)
    return found


def _invited(exercises: Sequence[Exercise]) -> dict[int, frozenset[int]]:
    """The teams of each exercise that were asked and did not decline."""
    rows = (
        Participation.objects.filter(exercise__in=[exercise.pk for exercise in exercises])
        .exclude(answer="declined")
        .values_list("exercise_id", "application__team_id")
    )
    teams: dict[int, set[int]] = defaultdict(set)
    for exercise_id, team_id in rows:
        teams[exercise_id].add(team_id)
    return {pk: frozenset(found) for pk, found in teams.items()}


def _is_shown(
    exercise: Exercise, parts: Sequence[_Part], invited: frozenset[int], show: Show
) -> bool:
    if show.region and show.region not in {exercise.region, *(p.region for p in parts)}:
        return False
    if show.production_only and parts and all(p.environment != "production" for p in parts):
        return False
    if show.teams is None:
        return True
    return not show.teams.isdisjoint(invited | {p.team_id for p in parts})


def _entries(exercise: Exercise, parts: Sequence[_Part]) -> Iterator[Entry]:
    if exercise.kind == "self_service":
        yield from _self_service(exercise, parts)
        return
    proposed = [part for part in parts if part.status == "proposed"]
    teams = len({part.team_id for part in proposed})
    entry = Entry(
        uid=_edition_uid(exercise),
        kind="game_day" if exercise.kind == "game_day" else "exercise",
        title=exercise.name,
        starts_at=exercise.starts_at,
        ends_at=exercise.ends_at,
        timezone=exercise.timezone,
        detail=exercise.az or exercise.region,
        exercise_slug=exercise.slug,
        exercise_id=exercise.pk,
        phase=exercise.phase,
        region=exercise.region,
        counts=f"{_some(len(proposed), 'experiment')}, {_some(teams, 'team')}" if proposed else "",
        is_cancelled=exercise.phase == Phase.CANCELLED.value,
        changed_at=exercise.ended_at or exercise.went_live_at or exercise.created_at,
    )
    yield entry
    day = exercise.starts_at.astimezone(ZoneInfo(exercise.timezone)).date()
    for deadline in deadlines_of(day):
        starts_at = _midnight(deadline.day, exercise.timezone)
        yield replace(
            entry,
            uid=f"{entry.uid}-{deadline.key}",
            kind="deadline",
            deadline=deadline.key,
            brief=f"{deadline.words}, {day:%B}",
            title=f"{deadline.words}, {exercise.name}",
            starts_at=starts_at,
            ends_at=_midnight(deadline.day + timedelta(days=1), exercise.timezone),
            detail="",
            counts="",
        )


def _self_service(exercise: Exercise, parts: Sequence[_Part]) -> Iterator[Entry]:
    for part in parts:
        yield Entry(
            uid=f"experiment-{part.pk}",
            kind="experiment",
            title=part.title,
            starts_at=exercise.starts_at,
            ends_at=exercise.ends_at,
            timezone=exercise.timezone,
            detail=part.application,
            exercise_slug=exercise.slug,
            exercise_id=exercise.pk,
            experiment_id=part.pk,
            phase=exercise.phase,
            region=part.region,
            counts="draft" if part.status == "draft" else "",
            is_cancelled=part.status in {"withdrawn", "cancelled"}
            or exercise.phase == Phase.CANCELLED.value,
            changed_at=exercise.ended_at or exercise.went_live_at or exercise.created_at,
        )


def _edition_uid(exercise: Exercise) -> str:
    """The same before and after the schedule created it, so that a feed moves the entry."""
    if exercise.schedule_id and exercise.occurrence_key:
        return f"schedule-{exercise.schedule_id}-{exercise.occurrence_key}"
    return f"exercise-{exercise.pk}"


def _midnight(day: date, timezone: str) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(timezone)).astimezone(UTC)


def _some(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


# -- Freezes -------------------------------------------------------------------------------


def _freezes(show: Show, window: Window) -> Iterator[Entry]:
    rows = FreezeWindow.objects.filter(
        starts_at__lt=window.ends_at, ends_at__gt=window.starts_at
    ).prefetch_related("teams", "accounts")
    for freeze in rows:
        teams = {team.pk: team.name for team in freeze.teams.all()}
        if show.teams is not None and teams and show.teams.isdisjoint(teams):
            continue
        if show.production_only and freeze.environments and "production" not in freeze.environments:
            continue
        yield Entry(
            uid=f"freeze-{freeze.pk}",
            kind="freeze",
            title=freeze.name,
            starts_at=freeze.starts_at,
            ends_at=freeze.ends_at,
            timezone="UTC",
            detail=_scope(
                teams.values(), [account.name for account in freeze.accounts.all()],
                freeze.environments,
            ),
            is_cancelled=freeze.lifted_at is not None,
            changed_at=freeze.lifted_at or freeze.declared_at,
        )  # fmt: skip


def _scope(teams: Iterable[str], accounts: Iterable[str], environments: Iterable[str]) -> str:
    """Whom it concerns, in words; empty for everyone."""
    return "; ".join(", ".join(names) for names in (teams, accounts, environments) if names)


# -- Editions that a schedule has yet to create --------------------------------------------


def _planned(show: Show, window: Window, now: datetime) -> Iterator[Entry]:
    """Outlines. Who will take part is not known yet, so a team's calendar leaves them out."""
    if show.teams is not None or window.ends_at <= now:
        return
    found: list[tuple[Schedule, Occurrence]] = []
    schedules = Schedule.objects.filter(is_suspended=False).select_related("programme")
    for schedule in schedules:
        if show.region and show.region != schedule.region:
            continue
        after = max(now, window.starts_at - timedelta(seconds=schedule.duration_s))
        found += [
            (schedule, occurrence)
            for occurrence in occurrences(
                rule_of(schedule), after=after, until=window.ends_at, limit=MOST_PLANNED
            )
        ]
    created = set(
        Exercise.objects.filter(
            schedule__in={schedule.pk for schedule, _ in found},
            occurrence_key__in={occurrence.key for _, occurrence in found},
        ).values_list("schedule_id", "occurrence_key")
    )
    for schedule, occurrence in found:
        if (schedule.pk, occurrence.key) in created:
            continue
        yield Entry(
            uid=f"schedule-{schedule.pk}-{occurrence.key}",
            kind="planned",
            title=f"{schedule.programme.name} {occurrence.local:%B %Y}",
            starts_at=occurrence.starts_at,
            ends_at=occurrence.ends_at,
            timezone=schedule.timezone,
            detail=schedule.az or schedule.region,
            region=schedule.region,
        )


# -- Around it -----------------------------------------------------------------------------


def next_exercise_with_freezes(
    actor: Actor, *, now: datetime
) -> tuple[Exercise | None, list[Entry]]:
    """The next exercise of the organisation, and the freezes between its first deadline and
    its debrief."""
    exercise = (
        Exercise.objects.visible_to(actor)
        .exclude(kind="self_service")
        .filter(phase__in=BEFORE_LIVE, ends_at__gt=now)
        .order_by("starts_at", "pk")
        .first()
    )
    if exercise is None:
        return None, []
    span = Window(exercise.starts_at - DEADLINES_REACH, exercise.ends_at + DEADLINES_REACH)
    touching = [e for e in _freezes(Show(), span) if not e.is_cancelled and e.ends_at > now]
    return exercise, sorted(touching, key=lambda entry: entry.starts_at)


def regions_in_use() -> list[str]:
    """The Regions the filter offers."""
    found = Exercise.objects.order_by("region").values_list("region", flat=True).distinct()
    return list(found)
