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
from moto.ec2.models import ec2_backends

from exercises.domain.exercise_phases import Phase
from exercises.models import Application, Deployment, Exercise, Experiment, Run
from exercises.models.due_work import database_now
from exercises.models.runs import RunQuerySet
from exercises.services.propose import propose, start_draft
from simulator.clock import VirtualClock
from simulator.server import Simulator
from simulator.world.metrics import Series
from tests import build, cast
from tests.harness import database_clock

PLATFORM = "222222222222"
STAGING = "333333333333"
INSTANCES_OF = {PLATFORM: "media-catalogue", STAGING: "mqtt-broker"}
"""What is described in every cycle is described in every cycle of every seed: only these."""


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
            _leave_only(account, INSTANCES_OF[account])
        clock.STEP_S = 30.0
        database_clock.install(clock.wall())

    def advance(self, seconds: float) -> None:
        """Let time pass on both sides."""
        self.clock.advance(seconds * self.clock.speed)
        database_clock.set_to(self.clock.wall())

    def show(self, wall: datetime) -> None:
        """Let it be this time on both sides: each seed of a scene begins at the same."""
        self.clock.show(wall)
        database_clock.set_to(wall)

    def measured_until(self, wall: datetime) -> None:
        """The applications were steady up to then: without a baseline nothing starts."""
        for account, application in INSTANCES_OF.items():
            cloudwatch_backends[account][build.REGION].metric_data.clear()
            for probe in build.probes_of(application, account):
                [dimension] = probe["dimensions"].items()
                series = Series(account, build.REGION, probe["namespace"], dimension)
                at_its_limit = probe["high"] if probe["low"] is None else probe["low"]
                series.publish({probe["metric"]: at_its_limit}, wall - timedelta(seconds=90))

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


def _leave_only(account: str, application: str) -> None:
    reservations = ec2_backends[account][build.REGION].reservations
    for key, reservation in list(reservations.items()):
        tags = [tag["value"] for each in reservation.instances for tag in each.get_tags()]
        if application not in tags:
            del reservations[key]


class Scene:
    """One set of experiments that are due now, made once and played many times."""

    def __init__(self, stage: Stage, name: str) -> None:
        self.stage = stage
        self.people = cast.assemble()
        self.experiment_ids = [each.pk for each in SCENES[name](self.people)]

    def mine(self) -> RunQuerySet:
        return Run.objects.filter(experiment__in=self.experiment_ids)

    def runs(self) -> list[Run]:
        found = self.mine().select_related("revision", "experiment__exercise")
        return list(found.order_by("experiment_id"))

    def go(self) -> None:
        """Somebody says Go."""
        build.went_live(self.people, Exercise.objects.get(experiments__in=self.experiment_ids))


@contextmanager
def playing(stage: Stage, name: str) -> Iterator[Callable[[], Any]]:
    """Make a scene in a transaction; gives a context in which one seed plays."""
    with transaction.atomic():
        stage.clear()
        scene = Scene(stage, name)
        began = stage.clock.wall()
        stage.measured_until(began)

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


def _ready(people: cast.Cast) -> list[Experiment]:
    """An approved exercise in production, right before Go."""
    deployment = _deployment(people, "media-catalogue", PLATFORM, "production")
    exercise = build.exercise(people, opens_in=timedelta(minutes=5))
    experiment = build.approved(
        people, exercise, deployment=deployment, parameters={"minutes": 1}, slot_offset_s=0
    )
    build.passed_preflight(experiment)
    Exercise.objects.filter(pk=exercise.pk).update(
        phase=Phase.PREFLIGHT.value, starts_at=database_now() - timedelta(minutes=1)
    )
    return [experiment]


def _live(people: cast.Cast) -> list[Experiment]:
    """The same, just after Go."""
    (experiment,) = _ready(people)
    experiment.exercise.refresh_from_db()
    build.went_live(people, experiment.exercise)
    return [experiment]


def _alone(people: cast.Cast) -> list[Experiment]:
    """A self-service experiment before production, approved: it can still be edited."""
    deployment = _deployment(people, "mqtt-broker", STAGING, "pre-production")
    draft = build.draft(people, deployment=deployment, parameters={"minutes": 1})
    starts_at = database_now() + timedelta(seconds=30)
    experiment = start_draft(actor=people.actor("author"), draft=draft, starts_at=starts_at)
    propose(actor=people.actor("author"), experiment=experiment)
    build.approve(people, experiment, "owner")
    return [experiment]


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
        steady_state=build.probes_of(name, account_id),
    )


def _both(people: cast.Cast) -> list[Experiment]:
    return [*_live(people), *_alone(people)]


SCENES: dict[str, Callable[[cast.Cast], list[Experiment]]] = {
    "ready": _ready,
    "live": _live,
    "alone": _alone,
    "both": _both,
}
