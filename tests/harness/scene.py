"""The stage of the in-process schedules: one estate, one database, one clock for both.

Everything of a scene happens in one transaction that is rolled back to a savepoint, so that
a seed costs its own statements and nothing else. One connection cannot wait for itself: what
depends on real locks is for the process variant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from exercises.models import Application, Deployment, Run
from exercises.models.due_work import database_now
from exercises.services.propose import propose, start_draft
from simulator.clock import VirtualClock
from simulator.server import Simulator
from tests import build, cast
from tests.harness import database_clock

STAGING = "333333333333"


class Stage:
    """The estate with its clock, and the database."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        clock = simulator.clock
        assert isinstance(clock, VirtualClock)
        self.clock = clock
        # Only FIS is of interest here: the worlds of the applications stand still.
        clock.drive(simulator.lifecycle.tick)
        clock.STEP_S = 15.0  # type: ignore[misc]
        database_clock.install(clock.wall())

    def advance(self, seconds: float) -> None:
        """Let time pass on both sides."""
        self.clock.advance(seconds * self.clock.speed)
        database_clock.set_to(self.clock.wall())

    def show(self, wall: datetime) -> None:
        """Let it be this time on both sides: each seed of a scene begins at the same."""
        self.clock.show(wall)
        database_clock.set_to(wall)

    def clear(self) -> None:
        """Forget what FIS was asked for; the estate itself is as it was."""
        self.simulator.knobs.clear()
        with self.simulator.service.lock:
            for region in self.simulator.service.regions.values():
                for experiment in region.active():
                    self.simulator.service.call(
                        "StopExperiment", {"id": experiment.id}, region.account, region.name
                    )
        while any(region.active() for region in self.simulator.service.regions.values()):
            self.clock.advance(60)
        self.simulator.service.regions.clear()
        self.simulator.journal.forget()


class Scene:
    """One set of runs that are due now, made once and played many times."""

    def __init__(self, stage: Stage, people: cast.Cast, runs: list[Run]) -> None:
        self.stage = stage
        self.people = people
        self.run_ids = [str(run.pk) for run in runs]

    def runs(self) -> list[Run]:
        return list(
            Run.objects.filter(pk__in=self.run_ids).select_related(
                "revision", "experiment__exercise"
            )
        )


@contextmanager
def playing(stage: Stage, name: str) -> Iterator[Callable[[], Any]]:
    """Make a scene in a transaction; gives a context in which one seed plays."""
    with transaction.atomic():
        stage.clear()
        scene = Scene(stage, cast.assemble(), [])
        scene.run_ids = [str(run.pk) for run in SCENES[name](scene.people)]
        began = stage.clock.wall()

        @contextmanager
        def one_seed() -> Iterator[Scene]:
            stage.clear()
            stage.show(began)
            mark = transaction.savepoint()
            try:
                yield scene
            finally:
                connection.needs_rollback = False
                transaction.savepoint_rollback(mark)

        yield one_seed
        transaction.set_rollback(True)


def _live(people: cast.Cast) -> list[Run]:
    """An exercise in production, just after Go."""
    _, run = build.live(people, parameters={"minutes": 1})
    return [run]


def _alone(people: cast.Cast) -> list[Run]:
    """A self-service experiment in staging, approved: its content can still be edited."""
    application = Application.objects.create(
        slug="mqtt-broker-int", name="MQTT Broker Int", team=people.team, tier=1
    )
    place = build.account(STAGING, "pre-production")
    alarm = f"arn:aws:cloudwatch:{build.REGION}:{STAGING}:alarm:mqtt-undelivered-high"
    deployment = Deployment.objects.create(
        application=application,
        place=place,
        tag_value="mqtt-broker",
        alarm_arns=[alarm],
        steady_state=build.PROBES,
    )
    draft = build.draft(people, deployment=deployment, parameters={"minutes": 1})
    starts_at = database_now() + timedelta(seconds=30)
    experiment = start_draft(actor=people.actor("author"), draft=draft, starts_at=starts_at)
    propose(actor=people.actor("author"), experiment=experiment)
    build.approve(people, experiment, "owner")
    return list(Run.objects.filter(experiment=experiment))


def _both(people: cast.Cast) -> list[Run]:
    return [*_live(people), *_alone(people)]


SCENES: dict[str, Callable[[cast.Cast], list[Run]]] = {
    "live": _live,
    "alone": _alone,
    "both": _both,
}
