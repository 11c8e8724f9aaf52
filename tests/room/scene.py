"""A room with something in it: runs moved by the services' own verbs, samples as measured."""

from __future__ import annotations

from datetime import datetime, timedelta

from exercises.domain.engine_values import Reading
from exercises.domain.run_states import RunState
from exercises.models import Exercise, Run
from exercises.models.due_work import database_now
from exercises.services.run_changes import note_samples
from exercises.services.run_events import move_run
from tests import build
from tests.cast import Cast


def running(cast: Cast, **changes: object) -> tuple[Exercise, Run]:
    """A live exercise whose one run has been started a minute ago."""
    exercise, run = build.live(cast, **changes)
    return exercise, started(run)


def started(run: Run) -> Run:
    began = database_now() - timedelta(minutes=1)
    move_run(run, RunState.STARTING, text="Starting.", asked_at=began, due_at=None)
    return move_run(
        run,
        RunState.RUNNING,
        text=f"{run.experiment.title}: running.",
        started_at=began,
        experiment_ref=f"EXP{run.pk.hex[:12]}",
        fleet=[node("broker-a1", "a", "stopped"), node("broker-b1", "b", "running")],
        actions=[
            {
                "name": "Stop-one",
                "action_id": "aws:ec2:stop-instances",
                "status": "running",
                "reason": "",
                "started_at": began.isoformat(),
                "ended_at": None,
            }
        ],
    )


def node(name: str, zone: str, state: str) -> dict[str, str]:
    az = f"{build.REGION}{zone}"
    arn = f"arn:aws:ec2:{build.REGION}:111111111111:instance/i-{name}"
    return {"resource_id": f"i-{name}", "arn": arn, "name": name, "az": az, "state": state}


def measured(run: Run, *, at: datetime | None = None, **values: float | None) -> None:
    """One reading of each named probe."""
    moment = at or database_now()
    note_samples(run, [Reading(key, moment, value) for key, value in values.items()])


def another(cast: Cast, exercise: Exercise, slug: str) -> Run:
    """One more application that joined, with a run of its own."""
    Exercise.objects.filter(pk=exercise.pk).update(phase="approve")
    exercise.refresh_from_db()
    experiment = build.approved(
        cast, exercise, deployment=build.deployment(cast, slug=slug), title=f"Stop one of {slug}"
    )
    Exercise.objects.filter(pk=exercise.pk).update(phase="live")
    assert experiment.revision is not None
    run = Run.objects.create(
        experiment=experiment,
        revision=experiment.revision,
        token=f"token-{slug}",
        scheduled_at=database_now(),
    )
    run = started(run)
    measured(run, available=99.9, latency=120)
    return run
