"""Put a run on the schedule, or take it off before it started.

Below the use cases: decisions, Go and edits all come through here.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from exercises.domain.exercise_phases import Phase
from exercises.domain.run_states import RunState
from exercises.models import Exercise, Experiment, Run
from exercises.models.due_work import database_now
from exercises.queries.approvals import approval_of
from exercises.queries.going_live import experiment_takes_two
from exercises.services.run_events import append_event, move_run

_BEFORE_IT_RAN = frozenset({Phase.APPROVE.value, Phase.PREFLIGHT.value})


def schedule_run(
    *,
    experiment: Experiment,
    at: datetime,
    scheduled_by_id: int | None,
    is_rehearsal: bool = False,
) -> Run:
    """Create the run that is due at `at`; the one already scheduled, if there is one.

    The token is the run's for ever: FIS gives the same experiment for the same token
    (AWS FIS API Reference, StartExperiment, clientToken).
    """
    if not is_rehearsal:
        waiting = experiment.runs.filter(is_rehearsal=False, state=RunState.SCHEDULED.value).first()
        if waiting is not None:
            return waiting
    run_id = uuid.uuid4()
    assert experiment.revision is not None
    run = Run.objects.create(
        id=run_id,
        experiment=experiment,
        revision=experiment.revision,
        is_rehearsal=is_rehearsal,
        token=f"chaosplane-{run_id}",
        scheduled_at=at,
        due_at=at,
        scheduled_by_id=scheduled_by_id,
    )
    if not is_rehearsal:
        append_event(
            exercise=experiment.exercise,
            run=run,
            kind="run.scheduled",
            text=f"{experiment.title}: scheduled.",
        )
    return run


def schedule_when_approved(experiment: Experiment) -> None:
    """A self-service experiment needs no Go: once approved, by people or by the
    policy alone, its slot starts it. Where two people have to say it all the same, it waits
    for them until its window ends (services.own_go).

    Once only: a later approval must not start again what ran or was stopped. A run that an
    edit took off the schedule counts as never planned.
    """
    exercise: Exercise = experiment.exercise
    if exercise.kind != "self_service" or exercise.phase not in _BEFORE_IT_RAN:
        return
    withdrawn = {"state": "cancelled", "stop_requested_at": None, "asked_at": None}
    if experiment.runs.filter(is_rehearsal=False).exclude(**withdrawn).exists():
        return
    if not approval_of(experiment, now=database_now()).is_complete:
        return
    waits = experiment_takes_two(experiment)
    schedule_run(
        experiment=experiment,
        at=exercise.ends_at if waits else exercise.starts_at,
        scheduled_by_id=None,
    )
    if exercise.phase == Phase.APPROVE.value:
        exercise.phase = Phase.PREFLIGHT.value
        exercise.save(update_fields=["phase"])


def cancel_scheduled_run(experiment: Experiment, *, because: str) -> None:
    """Take the waiting run off the schedule. Does nothing when none waits."""
    for run in experiment.runs.filter(state=RunState.SCHEDULED.value):
        move_run(
            run,
            RunState.CANCELLED,
            reason=because,
            text=f"{experiment.title}: cancelled, {because}.",
        )
