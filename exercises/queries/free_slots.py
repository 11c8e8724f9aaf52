"""The next slots that are free: for one experiment, and for anything a team does on its own.

Called by the propose page, the calendar and the API. What would be in the way is asked of
domain.conflicts, and freezes of domain.freezes, as the start gate will.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final

from exercises.domain.actors import Actor
from exercises.domain.blast_radius import Rung
from exercises.domain.conflicts import Slot, in_the_way
from exercises.domain.exercise_phases import OVER
from exercises.domain.policy import PolicyRow
from exercises.domain.slots import Crowd, free_slots
from exercises.domain.times import Window
from exercises.domain.working_hours import WorkingHours
from exercises.models import Deployment, Exercise, Experiment
from exercises.queries.conflicts import neighbours, slots_of, span_of
from exercises.queries.freezes import freeze_facts, freezes_holding
from exercises.queries.plans import planned_wall
from exercises.queries.policy import current_policy, row_of

LOOK_AHEAD: Final = timedelta(days=14)
STEP_IN_EXERCISE_S: Final = 300
STEP_ON_OUR_OWN: Final = timedelta(minutes=15)


def next_free(experiment: Experiment, *, now: datetime, limit: int = 3) -> list[datetime]:
    """When this experiment, saved or not, could start instead; empty when nothing fits, or
    while its plan cannot be built.

    In an exercise inside its window, else in working hours of the next two weeks; with the
    hours and the lead time that the policy asks for.
    """
    span = span_of(experiment)
    if span is None:
        return []
    is_own = experiment.exercise.kind == "self_service"
    within = _ahead(now) if is_own else _left_of(experiment.exercise, now)
    if within is None:
        return []
    slots = slots_of([experiment, *neighbours(experiment, within)])
    mine, others = slots[0], slots[1:]
    frozen = freezes_holding(experiment, within, now=now)
    policy = current_policy()
    row = row_of(experiment, policy)
    busy = [other.span for other in others if in_the_way(mine, other)]
    busy += _before_approval_counts(row, within, now)
    return free_slots(
        within=within,
        duration=span.ends_at - span.starts_at,
        step=STEP_ON_OUR_OWN if is_own else planned_wall(STEP_IN_EXERCISE_S),
        busy=[*busy, *(freeze.window for freeze in frozen)],
        crowds=[Crowd(_at(place, others), policy.open_per_place) for place in sorted(mine.places)],
        hours=_hours_of([row], experiment.exercise.timezone if is_own else ""),
        limit=limit,
    )


def next_free_for_teams(
    actor: Actor, *, now: datetime, timezone: str, duration: timedelta, limit: int = 3
) -> list[datetime]:
    """Hours of the next two weeks that no exercise and no freeze of these teams takes.

    What will run there is not known yet, so it keeps to the policy for the least that may run
    in each place where the teams have something; working hours, where the policy asks for none.
    """
    within = _ahead(now)
    rows = _least_rows(set(actor.team_roles))
    taken = (
        Exercise.objects.visible_to(actor)
        .exclude(phase__in=OVER)
        .filter(starts_at__lt=within.ends_at, ends_at__gt=within.starts_at)
    )
    teams = set(actor.team_roles)
    frozen = [
        freeze.window
        for freeze in freeze_facts(now)
        if not freeze.team_ids or not teams.isdisjoint(freeze.team_ids)
    ]
    return free_slots(
        within=within,
        duration=duration,
        step=STEP_ON_OUR_OWN,
        busy=[
            *(exercise.window for exercise in taken),
            *frozen,
            *(window for row in rows for window in _before_approval_counts(row, within, now)),
        ],
        hours=_hours_of(rows, timezone),
        limit=limit,
    )


def _least_rows(team_ids: Collection[int]) -> list[PolicyRow]:
    """The rows of the policy for one resource of each environment and tier of these teams."""
    policy = current_policy()
    places = Deployment.objects.filter(application__team__in=team_ids).order_by()
    kinds = places.values_list("place__account__environment", "application__tier").distinct()
    return [
        policy.row_for(environment=environment, rung=Rung.RESOURCE, tier=tier)
        for environment, tier in kinds
    ]


def _hours_of(rows: Iterable[PolicyRow], else_in_zone: str) -> set[WorkingHours]:
    """The hours that these rows ask for, or the usual ones of a zone if they ask for none."""
    asked = {row.hours for row in rows if row.hours is not None}
    return asked or ({WorkingHours(else_in_zone)} if else_in_zone else set())


def _ahead(now: datetime) -> Window:
    """From the next quarter of an hour on."""
    first = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0) + STEP_ON_OUR_OWN
    return Window(first, first + LOOK_AHEAD)


def _left_of(exercise: Exercise, now: datetime) -> Window | None:
    """The slots count from Go, and Go is not before now."""
    late = max(now - exercise.starts_at, timedelta()) if exercise.went_live_at is None else None
    ends_at = exercise.ends_at - (late or timedelta())
    return Window(exercise.starts_at, ends_at) if ends_at > exercise.starts_at else None


def _before_approval_counts(row: PolicyRow, within: Window, now: datetime) -> list[Window]:
    """What lies before the lead time has passed, if it were approved at once."""
    earliest = now + timedelta(hours=row.lead_time_h)
    return [Window(within.starts_at, earliest)] if earliest > within.starts_at else []


def _at(place: tuple[str, str], others: Iterable[Slot]) -> tuple[Window, ...]:
    """When something is to run in this account and Region."""
    return tuple(other.span for other in others if place in other.places)
