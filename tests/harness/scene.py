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
from moto.cloudwatch.models import cloudwatch_backends

from exercises.models import Application, Deployment, Run
from exercises.models.due_work import database_now
from exercises.services.propose import propose, start_draft
from simulator.clock import VirtualClock
from simulator.server import Simulator
from tests import build, cast
from tests.harness import database_clock

PLATFORM = "222222222222"
STAGING = "333333333333"


class Stage:
    """The estate with its clock, and the database."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        clock = simulator.clock
        assert isinstance(clock, VirtualClock)
        self.clock = clock
        # Only FIS is of interest here: the worlds of the applications stand still and silent.
        clock.drive(simulator.lifecycle.tick)
        for account in (PLATFORM, STAGING):
            cloudwatch_backends[account][build.REGION].metric_data.clear()
        clock.STEP_S = 15.0
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
    deployment = _deployment(people, "media-catalogue", PLATFORM, "production")
    _, run = build.live(people, deployment=deployment, parameters={"minutes": 1})
    return [run]


def _alone(people: cast.Cast) -> list[Run]:
    """A self-service experiment before production, approved: it can still be edited."""
    deployment = _deployment(people, "mqtt-broker", STAGING, "pre-production")
    draft = build.draft(people, deployment=deployment, parameters={"minutes": 1})
    starts_at = database_now() + timedelta(seconds=30)
    experiment = start_draft(actor=people.actor("author"), draft=draft, starts_at=starts_at)
    propose(actor=people.actor("author"), experiment=experiment)
    build.approve(people, experiment, "owner")
    return list(Run.objects.filter(experiment=experiment))


def _deployment(people: cast.Cast, name: str, account_id: str, environment: str) -> Deployment:
    """One of the small applications: what is read of it is read in every cycle."""
    application = Application.objects.create(
        slug=name, name=name.replace("-", " ").title(), team=people.team, tier=1
    )
    build.ladder_opened(application, people.lead)
    alarm = {"mqtt-broker": "mqtt-undelivered-high"}.get(name, f"{name}-availability")
    return Deployment.objects.create(
        application=application,
        place=build.account(account_id, environment),
        tag_value=name,
        alarm_arns=[f"arn:aws:cloudwatch:{build.REGION}:{account_id}:alarm:{alarm}"],
        steady_state=build.PROBES,
    )


def _both(people: cast.Cast) -> list[Run]:
    return [*_live(people), *_alone(people)]


SCENES: dict[str, Callable[[cast.Cast], list[Run]]] = {
    "live": _live,
    "alone": _alone,
    "both": _both,
}
