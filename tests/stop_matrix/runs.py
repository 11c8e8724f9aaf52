"""Runs to be stopped: rows in the database, experiments in simulated AWS."""

from __future__ import annotations

import uuid
from pathlib import Path

from django.conf import settings

from exercises.domain.run_states import RunState
from exercises.engines.registry import engine
from exercises.models import Deployment, Experiment, Run
from exercises.models.due_work import database_now
from exercises.services.tokens import issue_token
from exercises.stopping import stopper
from exercises.stopping.capability import capability_of, sign
from exercises.stopping.targets import read_targets
from tests import build
from tests.cast import Cast, assemble
from tests.fis_definitions import order, waiting

ACCOUNTS = ("111111111111", "222222222222", "333333333333")
IN_EACH = 4
"""FIS allows five active experiments in an account and Region."""
AT_ONCE = len(ACCOUNTS) * IN_EACH


class Stage:
    """One live exercise, and as many of its experiments running as are asked for."""

    def __init__(self) -> None:
        self.cast: Cast = assemble()
        self.exercise, self._run = build.live(self.cast, slot_offset_s=3600)
        self.templates: dict[str, str] = {}
        self.deployments: dict[str, Deployment] = {}
        for number, account in enumerate(ACCOUNTS):
            place = build.account(account)
            definition = waiting(
                minutes=240,
                stopConditions=[{"source": "none"}],
                roleArn=place.account.fis_role_arn,
            )
            self.templates[account] = engine("fis").provision(
                place.access, definition, f"stop-matrix-{account}"
            )
            self.deployments[account] = (
                self._run.experiment.deployment
                if number == 0
                else build.deployment(self.cast, place=place)
            )
        operator = self.cast.actor("operator")
        _, self.token = issue_token(actor=operator, name="platform", scopes=["stop"], days=1)
        self.capability = sign(capability_of(operator), key=settings.SECRET_KEY)

    def has_room(self) -> bool:
        """Whether AWS has seen the last ones end: it allows few at a time."""
        places = [each.place.access for each in self.deployments.values()]
        found, problems = stopper.discover(places)
        return not found and not problems

    def running(self, count: int) -> list[Run]:
        return [self._one(ACCOUNTS[number % len(ACCOUNTS)]) for number in range(count)]

    def _one(self, account: str) -> Run:
        deployment = self.deployments[account]
        experiment = Experiment.objects.get(pk=self._run.experiment_id)
        experiment.pk, experiment.deployment, experiment._state.adding = None, deployment, True
        experiment.save()
        run_id = uuid.uuid4()
        asked = order(self.templates[account], str(run_id))
        tagged = {"chaosplane:exercise": self.exercise.slug}
        started = engine("fis").start(
            deployment.place.access,
            type(asked)(
                run_id=asked.run_id, template_ref=asked.template_ref, token=asked.token,
                is_rehearsal=False, not_after=asked.not_after, tags=tagged,
            ),
        )  # fmt: skip
        now = database_now()
        return Run.objects.create(
            id=run_id, experiment=experiment, revision=self._run.revision,
            state=RunState.RUNNING.value, token=asked.token, template_ref=asked.template_ref,
            experiment_ref=started.ref, scheduled_at=now, asked_at=now, started_at=now,
            engine_status="running",
        )  # fmt: skip


def listed(folder: Path, runs: list[Run]) -> bool:
    """Whether the sentinel has written all of them down."""
    known = {target.run_id for target in read_targets(folder).targets}
    return {str(run.pk) for run in runs} <= known


def lost(runs: list[Run]) -> int:
    """How many of these the database does not know to be stopped and ended."""
    known = Run.objects.filter(pk__in=[run.pk for run in runs]).count()
    return len(runs) - known + len(not_ended(runs))


def not_ended(runs: list[Run]) -> list[Run]:
    ended = Run.objects.filter(stop_requested_at__isnull=False).exclude(
        state__in=[RunState.RUNNING.value, RunState.STOPPING.value]
    )
    mine = Run.objects.filter(pk__in=[run.pk for run in runs])
    return list(mine.exclude(pk__in=ended.values("pk")))
