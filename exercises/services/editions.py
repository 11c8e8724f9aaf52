"""Create the editions of a schedule ahead of time, each once."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from exercises.domain.recurrence import Occurrence, occurrences
from exercises.models import Exercise, Participation, Schedule
from exercises.models.due_work import database_now
from exercises.queries.schedule_rules import rule_of
from exercises.services.audit import record
from exercises.services.run_events import append_event
from exercises.services.system import SYSTEM

LOOK_AGAIN = timedelta(hours=6)


def materialise_editions(*, schedule_id: int, fence: int) -> int:
    """Create what the rule yields within the horizon; return how many were new.

    The unique occurrence key makes a second look, or a second worker, find them made.
    """
    schedule = Schedule.objects.select_related("programme").get(pk=schedule_id)
    if schedule.fence != fence:
        return 0
    now = database_now()
    until = now + timedelta(days=schedule.horizon_days)
    created = 0
    for occurrence in occurrences(rule_of(schedule), after=now, until=until):
        created += _create(schedule, occurrence)
    Schedule.objects.filter(pk=schedule.pk, fence=fence).update(
        due_at=now + LOOK_AGAIN, lease_until=None
    )
    return created


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
        _invite_last_participants(exercise)
        append_event(exercise=exercise, kind="exercise.created", text="Created by the schedule.")
        record(SYSTEM, "exercise.materialise", exercise, occurrence=occurrence.key)
    return 1


def _invite_last_participants(exercise: Exercise) -> None:
    """Who took part last time is invited again."""
    previous = (
        Exercise.objects.filter(programme=exercise.programme, starts_at__lt=exercise.starts_at)
        .order_by("-starts_at")
        .first()
    )
    if previous is None:
        return
    Participation.objects.bulk_create(
        [
            Participation(exercise=exercise, application_id=application_id)
            for application_id in previous.participations.exclude(answer="declined").values_list(
                "application_id", flat=True
            )
        ]
    )
