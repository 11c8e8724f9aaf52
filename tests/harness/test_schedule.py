"""A seed is always the same story, and every failpoint has its turn."""

from __future__ import annotations

from exercises.failpoints import BETWEEN, NAMES
from tests.harness.chaos import story
from tests.harness.schedule import ROUND, schedule
from tests.harness.steps import Crash, Meanwhile, Schedule


def ordered(told: Schedule, kind: type[Crash | Meanwhile]) -> set[str]:
    orders = [step.order for step in told.steps] + [told.late]
    return {order.place for order in orders if isinstance(order, kind)}


def test_a_seed_is_always_the_same_story() -> None:
    assert schedule(4711) == schedule(4711)
    assert story(4711) == story(4711)


def test_within_a_round_somebody_dies_at_every_failpoint() -> None:
    told = [schedule(seed) for seed in range(ROUND)]
    assert set().union(*(ordered(each, Crash) for each in told)) == NAMES


def test_within_a_round_somebody_sleeps_at_every_failpoint_between_transactions() -> None:
    told = [schedule(seed) for seed in range(ROUND)]
    assert set().union(*(ordered(each, Meanwhile) for each in told)) >= BETWEEN


def test_among_processes_every_failpoint_has_a_seed_of_its_own() -> None:
    orders = {
        event.what
        for seed in range(len(NAMES))
        for event in story(seed).events
        if event.kind == "order" and not event.seconds
    }
    assert orders == NAMES
