"""Stop one run, stop all of an exercise. Stopping is never refused for a rule's sake.

The latch is written first, so that no start can slip past; then the engine is asked, in
the same request. Whatever AWS says, services.observe asks again until the run is seen to
have ended. Nothing here goes through Celery.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from exercises.domain.actors import Actor
from exercises.domain.errors import EngineError
from exercises.domain.run_states import TERMINAL, RunState
from exercises.engines.registry import engine
from exercises.models import AccountRegion, Exercise, Run
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.services.audit import record
from exercises.services.run_events import append_event, lock_run, move_run


@dataclass(frozen=True, slots=True)
class StopOutcome:
    """What is known of one stop right after it was asked for."""

    run_id: str
    title: str
    accepted: bool
    message: str


def stop_run(*, actor: Actor, run: Run, reason: str = "") -> StopOutcome:
    """Stop one run. Asking twice is asking once. Raises NotAllowed."""
    authorize(actor, "run.stop", run)
    latched = _latch(actor, run, reason)
    return _ask(latched)


def stop_all(*, actor: Actor, exercise: Exercise, reason: str = "") -> Sequence[StopOutcome]:
    """Stop everything of an exercise: nothing more starts, what waits is cancelled, what
    runs is stopped. Raises NotAllowed."""
    authorize(actor, "exercise.stop", exercise)
    with transaction.atomic():
        locked = Exercise.objects.select_for_update().get(pk=exercise.pk)
        first = locked.stopped_at is None
        if first:
            locked.stopped_at = database_now()
            locked.save(update_fields=["stopped_at"])
        append_event(
            exercise=locked,
            kind="stop.all",
            text="Stop all." if first else "Stop all, asked again.",
            source=actor.name,
            author_id=actor.user_id,
            reason=reason,
        )
        record(actor, "exercise.stop", locked, reason=reason)
    runs = Run.objects.unfinished().filter(experiment__exercise=exercise)
    latched = [_latch(actor, run, reason) for run in runs.select_related("experiment")]
    return [_ask(run) for run in latched]


def _latch(actor: Actor, run: Run, reason: str) -> Run:
    """Set the latch, once; a run that only waits is cancelled with it."""
    with transaction.atomic():
        locked = lock_run(run.pk)
        if RunState(locked.state) in TERMINAL or locked.stop_requested_at is not None:
            return locked
        locked.stop_requested_at = database_now()
        locked.stop_requested_by_id = actor.user_id
        locked.save(update_fields=["stop_requested_at", "stop_requested_by"])
        append_event(
            exercise=locked.experiment.exercise,
            run=locked,
            kind="stop.requested",
            text=f"{locked.experiment.title}: stop asked for.",
            source=actor.name,
            author_id=actor.user_id,
            reason=reason,
        )
        if locked.state == RunState.SCHEDULED.value:
            locked = move_run(
                locked,
                RunState.CANCELLED,
                reason="stopped before it started",
                text=f"{locked.experiment.title}: cancelled before it started.",
            )
        record(actor, "run.stop", locked, reason=reason)
        return locked


def _ask(run: Run) -> StopOutcome:
    """Ask the engine now. What fails here is asked again by the observation."""
    title = run.experiment.title
    if RunState(run.state) in TERMINAL:
        return StopOutcome(str(run.pk), title, True, "It is not running.")
    if not run.experiment_ref:
        return StopOutcome(
            str(run.pk), title, False, "Its start has no answer yet; it is stopped when found."
        )
    access = run.experiment.deployment.place.access
    try:
        receipt = engine(run.revision.plan["engine"]).stop(access, run.experiment_ref)
    except EngineError as error:
        append_event(
            exercise=run.experiment.exercise,
            run=run,
            kind="stop.failed",
            text=f"{title}: AWS did not take the stop yet, asking again. {error}",
        )
        _watch_now(run)
        return StopOutcome(str(run.pk), title, False, str(error))
    _move_to_stopping(run, receipt.reason)
    _watch_now(run)
    return StopOutcome(str(run.pk), title, True, "AWS accepted the stop.")


def _move_to_stopping(run: Run, reason: str) -> None:
    with transaction.atomic():
        current = RunState(lock_run(run.pk).state)
        if current is RunState.STOPPING or current in TERMINAL:
            return
        move_run(run, RunState.STOPPING, reason=reason, text=f"{run.experiment.title}: stopping.")


def _watch_now(run: Run) -> None:
    AccountRegion.objects.filter(pk=run.experiment.deployment.place_id).update(
        due_at=database_now()
    )
