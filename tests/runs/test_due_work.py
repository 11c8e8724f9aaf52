"""The tick hands out what is due, whatever the broker and the settings are like."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from exercises import hints
from exercises.models import AccountRegion, Run
from exercises.models.due_work import database_now
from exercises.services.due_work import tick
from tests import build
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks that workers are woken for."""
    tasks: list[str] = []

    def wake(task: str, *args: object) -> bool:
        tasks.append(task)
        return True

    monkeypatch.setattr(hints, "wake", wake)
    return tasks


def test_what_is_due_is_handed_out_once(cast: Cast, woken: list[str]) -> None:
    build.live(cast)
    assert (tick(), tick()) == (2, 0)
    assert woken == ["exercises.start_run", "exercises.observe_region"]


def test_a_broker_that_takes_nothing_is_asked_once_and_all_is_due_again_at_once(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    build.live(cast)
    AccountRegion.objects.update(due_at=database_now())
    asked: list[str] = []

    def lost(task: str, *args: object) -> bool:
        asked.append(task)
        return False

    monkeypatch.setattr(hints, "wake", lost)
    assert tick() == 0
    assert asked == ["exercises.start_run"]
    assert Run.objects.get().lease_until is None
    assert AccountRegion.objects.get().lease_until is None


def test_slow_ticks_claim_no_run_earlier_than_a_worker_waits_for_its_slot(
    cast: Cast, woken: list[str], settings: Any
) -> None:
    """A worker that gave up waiting would find the slot not come, and skip it for ever."""
    settings.CHAOSPLANE_TICK_S = 30
    _, run = build.live(cast)
    Run.objects.filter(pk=run.pk).update(due_at=database_now() + timedelta(seconds=20))
    tick()
    assert "exercises.start_run" not in woken
