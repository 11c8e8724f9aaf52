"""Work travels through real messages: a worker takes what is due, once, whenever it comes."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from exercises import hints
from exercises.models import Exercise, Programme, Schedule
from exercises.models.due_work import database_now
from tests.cast import assemble

pytestmark = [pytest.mark.worker, pytest.mark.django_db(transaction=True)]


def due_schedule() -> Schedule:
    cast = assemble()
    programme = Programme.objects.create(
        slug="cloud-itee", name="Cloud ITEE", lead=cast.lead, safety_officer=cast.safety
    )
    return Schedule.objects.create(
        slug=programme.slug,
        programme=programme,
        rrule="FREQ=MONTHLY;BYDAY=2WE",
        timezone="Europe/Berlin",
        local_start="2026-01-14T09:30:00",
        duration_s=9000,
        region="eu-central-1",
        due_at=database_now(),
    )


def wait_for(question: Callable[[], bool], seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while not question():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def looked(schedule: Schedule) -> bool:
    """The worker has taken the schedule up and planned the next look."""
    schedule.refresh_from_db()
    return schedule.due_at is not None and schedule.due_at > database_now()


def test_a_tick_makes_a_worker_create_what_is_due(celery_worker_process):
    schedule = due_schedule()
    assert hints.wake("exercises.tick")
    assert wait_for(lambda: looked(schedule))
    assert Exercise.objects.filter(programme=schedule.programme).exists()


def test_doubled_messages_create_nothing_twice(celery_worker_process):
    schedule = due_schedule()
    for _ in range(10):
        assert hints.wake("exercises.tick")
    assert wait_for(lambda: looked(schedule))
    starts = list(
        Exercise.objects.filter(programme=schedule.programme).values_list("starts_at", flat=True)
    )
    assert starts
    assert len(starts) == len(set(starts))
