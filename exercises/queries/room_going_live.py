"""What the room says of going live: who started it, who said no-go, which hold point waits.

Part of `live_room`, so the same for everyone in the room.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from exercises.domain.exercise_phases import Phase
from exercises.models import Exercise, Experiment, GoPair, Run, RunEvent
from exercises.queries.going_live import Poll, poll_of, waiting_hold


@dataclass(frozen=True, slots=True)
class Waiting:
    """A hold point, once it is its turn: `runs_still` of its wave have not ended."""

    after_wave: int
    runs_still: int
    runs_next: int
    skipped_at: datetime


@dataclass(frozen=True, slots=True)
class GoingLive:
    started_by: str
    started_at: datetime | None
    poll: Poll
    waiting: Waiting | None


def going_live(
    exercise: Exercise, experiments: Sequence[Experiment], runs: Mapping[int, Run]
) -> GoingLive:
    """In a constant number of queries; the hold point is asked for only while it is live."""
    return GoingLive(
        started_by=_started_by(exercise),
        started_at=exercise.went_live_at,
        poll=poll_of(exercise),
        waiting=_waiting(exercise, experiments, runs),
    )


def is_held(experiment: Experiment, run: Run | None) -> bool:
    """Waits at a hold point: due only when the window ends."""
    return (
        run is not None
        and run.state == "scheduled"
        and run.scheduled_at == experiment.exercise.ends_at
    )


def _started_by(exercise: Exercise) -> str:
    """Both names where two people said Go, else the one who did."""
    if exercise.went_live_at is None:
        return ""
    pair = GoPair.objects.filter(exercise=exercise).select_related("lead", "safety").first()
    if pair is not None:
        return f"{pair.lead.name} with {pair.safety.name}"
    said = RunEvent.objects.filter(exercise=exercise, kind="exercise.go").first()
    return said.source if said else ""


def _waiting(
    exercise: Exercise, experiments: Sequence[Experiment], runs: Mapping[int, Run]
) -> Waiting | None:
    if exercise.phase != Phase.LIVE.value or exercise.stopped_at is not None:
        return None
    hold = waiting_hold(exercise)
    if hold is None:
        return None
    before = [e for e in experiments if e.wave <= hold.after_wave]
    held = [e for e in experiments if e.wave > hold.after_wave and is_held(e, runs.get(e.pk))]
    if not held:
        return None
    first = min(e.wave for e in held)
    return Waiting(
        after_wave=hold.after_wave,
        runs_still=sum(e.pk in runs and runs[e.pk].ended_at is None for e in before),
        runs_next=sum(e.wave == first for e in held),
        skipped_at=exercise.ends_at,
    )
