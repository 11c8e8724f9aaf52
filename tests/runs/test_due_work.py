"""The tick hands out what is due, whatever the broker and the settings are like."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from exercises import hints
from exercises.management.commands.sentinel import EVERY_S
from exercises.models import AccountRegion, Run, due_work
from exercises.models.due_work import LEASE_S, RENEW_EVERY_S, claim, database_now, kept
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
    handed_out = tick()
    assert handed_out == len(woken)
    assert tick() == 0
    # Telling people comes after what must happen in time.
    assert woken[:2] == ["exercises.start_run", "exercises.observe_region"]
    assert set(woken[2:]) == {"exercises.announce"}


def test_a_tick_that_finds_nothing_asks_once_for_every_kind_of_work(
    cast: Cast, woken: list[str], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """It comes every second: the time, and one question."""
    build.live(cast)
    tick()
    with django_assert_num_queries(2):
        assert tick() == 0


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


@pytest.mark.django_db(transaction=True)
def test_whoever_is_at_work_keeps_the_lease_and_lets_go_with_the_end(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a slow answer of AWS would have two workers at one run, in turns for ever."""
    monkeypatch.setattr(due_work, "RENEW_EVERY_S", 0.02)
    build.live(cast)
    (run,) = claim(Run.objects.filter(due_at__isnull=False), ahead_s=5)
    nearly_over = database_now() + timedelta(seconds=1)
    Run.objects.filter(pk=run.pk).update(lease_until=nearly_over)
    with kept(Run, run.pk, run.fence):
        for _ in range(500):
            if lease_of(run) != nearly_over:
                break
            time.sleep(0.02)
        assert (lease_of(run) or nearly_over) > nearly_over
        assert not claim(Run.objects.filter(due_at__isnull=False), ahead_s=5)
        Run.objects.filter(pk=run.pk).update(lease_until=None)
        time.sleep(0.1)
        assert lease_of(run) is None, "what was released stays released"


def test_a_lease_is_short_enough_for_a_start_within_thirty_seconds() -> None:
    """What Valkey lost is due again then, and the sentinel looks every second."""
    assert LEASE_S + EVERY_S <= 20
    assert LEASE_S >= 3 * RENEW_EVERY_S, "two renewals may fail"


def lease_of(run: Run) -> datetime | None:
    return Run.objects.get(pk=run.pk).lease_until
