"""What a stop would end, and how far a stop has come: only steps that were seen to happen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from exercises.domain.run_states import TERMINAL, RunState
from exercises.models import Exercise, Run, RunEvent

STEPS = ("stop.accepted", "stop.rolled_back", "stop.verified")


@dataclass(frozen=True, slots=True)
class StoppableRun:
    """A run that a stop would end, or cancel before it starts."""

    run_id: UUID
    title: str
    is_running: bool
    is_stopping: bool


@dataclass(frozen=True, slots=True)
class StopStep:
    """One step of the stop of one run; `at` is None until it was seen."""

    label: str
    at: datetime | None
    key: str  # ok, under_way, waiting, never
    words: str


@dataclass(frozen=True, slots=True)
class RunStop:
    """The three steps of one run, and what AWS said last if it did not take the stop."""

    run_id: UUID
    title: str
    state: str
    steps: tuple[StopStep, ...]
    problem: str


@dataclass(frozen=True, slots=True)
class StopProgress:
    """A stop under way or done: who asked, when, and how far each run is."""

    is_all: bool
    asked_at: datetime
    asked_by: str
    runs: tuple[RunStop, ...]

    @property
    def done(self) -> int:
        return sum(RunState(run.state) in TERMINAL for run in self.runs)

    @property
    def is_over(self) -> bool:
        return all(run.steps[-1].key in {"ok", "never"} for run in self.runs)


def stoppable_runs(exercise: Exercise) -> Sequence[StoppableRun]:
    """What Stop all would end now."""
    runs = (
        Run.objects.unfinished()
        .filter(experiment__exercise=exercise)
        .select_related("experiment")
        .order_by("scheduled_at", "id")
    )
    return tuple(
        StoppableRun(
            run_id=run.pk,
            title=run.experiment.title,
            is_running=run.state != RunState.SCHEDULED.value,
            is_stopping=run.stop_requested_at is not None,
        )
        for run in runs
    )


def stop_progress(exercise: Exercise, runs: Sequence[Run]) -> StopProgress | None:
    """How far the stop of these runs has come; None when nobody asked for one, or when it was
    not ours: nobody watched the steps of an imported exercise. One query."""
    if exercise.is_imported:
        return None
    asked = [run for run in runs if run.stop_requested_at is not None]
    if not asked and exercise.stopped_at is None:
        return None
    seen: dict[tuple[UUID, str], RunEvent] = {}
    first: RunEvent | None = None
    events = RunEvent.objects.filter(exercise=exercise, kind__startswith="stop.")
    for event in events.order_by("at", "id"):
        if event.kind in {"stop.all", "stop.requested"}:
            first = first or event
        if event.run_id is not None:
            seen[event.run_id, event.kind] = event
    # A run that was cancelled before it started has nothing to roll back.
    started = [run for run in asked if run.state != RunState.CANCELLED.value]
    times = [run.stop_requested_at for run in asked if run.stop_requested_at]
    return StopProgress(
        is_all=exercise.stopped_at is not None,
        asked_at=exercise.stopped_at or min(times),
        asked_by=first.source if first else "",
        runs=tuple(_run_stop(run, seen) for run in started),
    )


def _run_stop(run: Run, seen: dict[tuple[UUID, str], RunEvent]) -> RunStop:
    accepted, rolled_back, verified = (seen.get((run.pk, kind)) for kind in STEPS)
    failed = seen.get((run.pk, "stop.failed"))
    is_over = RunState(run.state) in TERMINAL
    is_taken = accepted is not None or run.state == RunState.STOPPING.value or is_over
    return RunStop(
        run_id=run.pk,
        title=run.experiment.title,
        state=run.state,
        steps=(
            _step(
                "AWS accepted", accepted, "accepted" if is_taken else "asking AWS", is_done=is_taken
            ),
            _step(
                "Actions rolled back",
                rolled_back,
                _rollback_words(run, is_taken=is_taken),
                is_under_way=is_taken,
            ),
            _step(
                "Steady state verified",
                verified,
                _verify_words(run),
                is_under_way=rolled_back is not None,
            ),
        ),
        problem=failed.text if failed and not is_taken else "",
    )


def _step(
    label: str,
    event: RunEvent | None,
    words: str,
    *,
    is_done: bool = False,
    is_under_way: bool = True,
) -> StopStep:
    if event is not None:
        return StopStep(label, event.at, "ok", "")
    if is_done:
        return StopStep(label, None, "ok", words)
    if words == _NEVER:
        return StopStep(label, None, "never", words)
    if not is_under_way:
        return StopStep(label, None, "waiting", "waiting")
    return StopStep(label, None, "under_way", words)


_NEVER = "not seen in time"


def _rollback_words(run: Run, *, is_taken: bool) -> str:
    if not is_taken:
        return "waiting"
    if run.judged_at is not None:
        return _NEVER
    down = sum(node.get("state") != "running" for node in run.fleet)
    if down:
        return f"{down} of {len(run.fleet)} nodes still down"
    undone = {"completed", "stopped", "failed", "skipped", "cancelled"}
    over = sum(action.get("status") in undone for action in run.actions)
    if not run.fleet and over == len(run.actions) and run.ended_at is not None:
        return "comparing with how it was before"
    return f"{over} of {len(run.actions)} actions over" if run.actions else "rolling back"


def _verify_words(run: Run) -> str:
    return _NEVER if run.judged_at is not None else "measuring"
