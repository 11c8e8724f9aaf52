"""Mistakes around a stop: not told, told once, told to nobody."""

from __future__ import annotations

from typing import Any, Final

from celery import shared_task

from exercises import hints
from exercises.engines import fis
from exercises.services import observe as _observe
from exercises.services import run_events
from exercises.services import start_steps as _start_steps
from exercises.services import stop as _stop
from tests.harness.planted import bug, goes_wrong, replace, sleeps_at
from tests.harness.planted_starts import DECLINE, NOT_ANSWERED, STOP, blind_to_stops
from tests.harness.steps import ALL, LOOK, SLOT, Step

observe: Any = _observe
start_steps: Any = _start_steps
stop: Any = _stop
FisEngine: Any = fis.FisEngine

NOBODY_STOPS: Final = goes_wrong("lose_request", "StopExperiment", 9)


@bug(*SLOT, sleeps_at("start.before_send", STOP))
def slept_through_a_stop() -> None:
    """A worker that slept between the gate and AWS does not look at the latch again, and what
    it finds out is written down as running."""
    blind_to_stops()
    latch_ignored_when_found()


@bug(NOT_ANSWERED, *SLOT, ALL, STOP, *LOOK)
def latch_ignored_when_found() -> None:
    """A start that is found after a stop was asked for is taken as running."""
    right = start_steps.lock_run

    def wrong(run_id: object, *, fence: int | None = None) -> Any:
        run = right(run_id, fence=fence)
        run.stop_requested_at = None
        return run

    replace("lock_run", wrong, start_steps)
    stop_not_redriven()


@bug(*SLOT, ALL, NOBODY_STOPS, STOP)
def stop_not_redriven() -> None:
    """A stop that AWS did not take is never asked for again."""
    replace("_redrive_stops", lambda *_: None, observe)


@bug(STOP, *SLOT, ALL)
def stop_without_latch() -> None:
    """A stop only asks AWS; what has not started yet is forgotten."""
    right = stop._latch

    def wrong(order: Any, actor: Any, run_id: object) -> Any:
        run = run_events.lock_run(str(run_id))
        return right(order, actor, run_id) if run.experiment_ref else run

    replace("_latch", wrong, stop)


@bug(*SLOT, ALL, Step("broker", 1.0), STOP)
def stop_through_the_broker() -> None:
    """A stop is a message like any other: whoever takes it asks AWS."""
    right = stop._carry_out
    waiting: dict[str, Any] = {}

    @shared_task(name="exercises.stop_later")
    def stop_later(order_id: str) -> None:
        right(waiting[order_id])

    def wrong(order: Any, levers: Any = ()) -> Any:
        waiting[order.id] = order
        hints.wake("exercises.stop_later", order.id)
        return [stop.StopOutcome(order.what, "", True, "accepted")]

    replace("_carry_out", wrong, stop)


@bug(*SLOT, ALL, STOP, *LOOK)
def stop_only_written_down() -> None:
    """A stop is noted and shown, and AWS is told by nobody."""

    def wrong(targets: Any) -> list[Any]:
        return []

    stop.stopper = _Silent(wrong)
    observe.stopper = _Silent(wrong)


@bug(NOT_ANSWERED, *SLOT, ALL, DECLINE, *LOOK)
def adopt_ignored() -> None:
    """An experiment that is found by its tag is not taken over."""
    FisEngine.find = lambda *_: None
    replace("reconcile", lambda *_, **__: None, observe)


class _Silent:
    """In place of the stopper."""

    def __init__(self, stop: Any) -> None:
        self.stop = stop

    def engage_levers(self, *_: Any) -> dict[Any, Any]:
        return {}
