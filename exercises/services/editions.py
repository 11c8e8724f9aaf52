"""Create the editions of a schedule ahead of time, each once; note what was missed.

A missed occurrence is skipped with its reason and never caught up.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from exercises.domain.exercise_phases import BEFORE_LIVE, Phase
from exercises.domain.recurrence import Occurrence, occurrences
from exercises.models import Exercise, MissedOccurrence, Schedule
from exercises.models.due_work import database_now
from exercises.queries.schedule_rules import rule_of
from exercises.services.audit import record
from exercises.services.carry_over import carry_over
from exercises.services.run_events import append_event
from exercises.services.system import SYSTEM

LOOK_AGAIN = timedelta(hours=6)
NO_EDITION: Final = "The schedule was suspended, or nothing looked at it, until its time had gone."
NOT_LIVE: Final = "Nobody took it live in its window, and what was missed is never caught up."


def materialise_editions(*, schedule_id: int, fence: int) -> int:
    """Create what the rule yields within the horizon; return how many were new.

    The unique occurrence key makes a second look, or a second worker, find them made.
    """
    schedule = Schedule.objects.select_related("programme").get(pk=schedule_id)
    if schedule.fence != fence:
        return 0
    now = database_now()
    until = now + timedelta(days=schedule.horizon_days)
    _note_missed(schedule, now)
    _skip_what_was_not_taken_live(schedule, now)
    created = 0
    for occurrence in occurrences(rule_of(schedule), after=now, until=until):
        created += _create(schedule, occurrence)
    Schedule.objects.filter(pk=schedule.pk, fence=fence).update(
        due_at=now + LOOK_AGAIN, lease_until=None, looked_until=now
    )
    return created


def _note_missed(schedule: Schedule, now: datetime) -> None:
    """Occurrences that came and went without an edition since the last look."""
    if schedule.looked_until is None:
        return
    made = set(schedule.exercise_set.values_list("occurrence_key", flat=True))
    for occurrence in occurrences(rule_of(schedule), after=schedule.looked_until, until=now):
        if occurrence.key not in made:
            _miss(schedule, occurrence.key, occurrence.starts_at, NO_EDITION, now)


def _skip_what_was_not_taken_live(schedule: Schedule, now: datetime) -> None:
    """Editions whose window ended before anybody said Go."""
    late = schedule.exercise_set.filter(ends_at__lte=now, phase__in=BEFORE_LIVE, is_imported=False)
    for pk in late.values_list("pk", flat=True):
        with transaction.atomic():
            exercise = Exercise.objects.select_for_update(no_key=True).get(pk=pk)
            if exercise.phase not in BEFORE_LIVE:
                continue
            exercise.phase, exercise.ended_at = Phase.CANCELLED.value, now
            exercise.cancelled_because = NOT_LIVE
            exercise.save(update_fields=["phase", "ended_at", "cancelled_because"])
            append_event(exercise=exercise, kind="exercise.missed", text=f"Skipped. {NOT_LIVE}")
            _miss(schedule, exercise.occurrence_key, exercise.starts_at, NOT_LIVE, now)


def _miss(schedule: Schedule, key: str, starts_at: datetime, reason: str, now: datetime) -> None:
    with transaction.atomic():
        row = MissedOccurrence(
            schedule=schedule,
            occurrence_key=key,
            starts_at=starts_at,
            reason=reason,
            noted_at=now,
        )
        if MissedOccurrence.objects.filter(schedule=schedule, occurrence_key=key).exists():
            return
        row.save()
        record(SYSTEM, "schedule.missed", schedule, occurrence=key, reason=reason)


def _create(schedule: Schedule, occurrence: Occurrence) -> int:
    programme = schedule.programme
    month = f"{occurrence.local:%Y-%m}"
    with transaction.atomic():
        taken = Exercise.objects.filter(slug=month).exclude(
            schedule=schedule, occurrence_key=occurrence.key
        )
        exercise, is_new = Exercise.objects.get_or_create(
            schedule=schedule,
            occurrence_key=occurrence.key,
            defaults={
                "slug": f"{programme.slug}-{occurrence.local:%Y-%m-%d}"
                if taken.exists()
                else month,
                "name": f"{programme.name} {occurrence.local:%B %Y}",
                "programme": programme,
                "goal": programme.goal,
                "starts_at": occurrence.starts_at,
                "ends_at": occurrence.ends_at,
                "timezone": schedule.timezone,
                "region": schedule.region,
                "az": schedule.az,
                "lead": programme.lead,
                "safety_officer": programme.safety_officer,
            },
        )
        if not is_new:
            return 0
        drafts, retests = carry_over(exercise)
        append_event(
            exercise=exercise,
            kind="exercise.created",
            text="Created by the schedule."
            + (
                f" Carried over as drafts: {drafts}, of them re-tests: {retests}." if drafts else ""
            ),
        )
        record(SYSTEM, "exercise.materialise", exercise, occurrence=occurrence.key)
    return 1
