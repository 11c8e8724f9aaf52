"""A fault in a parameter, from the proposal to its end, as every other experiment."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from exercises.aws.sessions import Purpose, client
from exercises.domain.engine_documents import LAMBDA_CONFIG
from exercises.domain.engine_values import AlarmReading
from exercises.domain.run_states import RunState
from exercises.models import Deployment, ResolvedTarget, Run, Template, TemplateVersion
from exercises.models.due_work import database_now
from exercises.services.guardrails import hold_alarms
from exercises.services.stop import stop_run
from tests import build
from tests.cast import Cast
from tests.drive import fresh, until
from tests.lambda_definitions import NAME, slow
from tests.simulated_aws import PLATFORM

if TYPE_CHECKING:
    from simulator.server import Simulator

pytestmark = pytest.mark.django_db

ALARM = f"arn:aws:cloudwatch:{build.REGION}:{PLATFORM}:alarm:media-search-success"
PROBE = {
    "kind": "cloudwatch",
    "namespace": "Media/Catalogue",
    "dimensions": {"FunctionName": "media-search"},
    "stat": "Average",
    "period_s": 60,
    "unit": "%",
    "low": 95,
    "high": None,
    "grace_s": 60,
    "decimals": 1,
    "name": "Answered",
    "key": "answered",
    "metric": "SuccessfulRequests",
    "is_business": True,
}
LATENCY = {"key": "p95", "name": "p95", "metric": "LatencyP95", "unit": "ms", "low": 0}
PROBES = [PROBE, PROBE | LATENCY | {"is_business": False}]


def searching(cast: Cast) -> Deployment:
    deployment = build.deployment(cast, slug="media-search", place=build.account(PLATFORM))
    Deployment.objects.filter(pk=deployment.pk).update(
        alarm_arns=[ALARM], steady_state=PROBES, tag_value="media-catalogue"
    )
    deployment.refresh_from_db()
    return deployment


def late_answers() -> TemplateVersion:
    template = Template.objects.create(
        slug="late", name="Late", failure_family="instance-loss", engine=LAMBDA_CONFIG
    )
    definition = slow(
        delay_ms=300, stopConditions=[{"source": "aws:cloudwatch:alarm", "value": "{{alarm_arn}}"}]
    )
    return TemplateVersion.objects.create(
        template=template, number=1, definition=definition, parameters=[], rung=1
    )


def started(cast: Cast) -> Run:
    _, run = build.live(
        cast,
        deployment=searching(cast),
        template_version=late_answers(),
        parameters={},
        steady_state=PROBES,
        az="",
    )
    until(lambda: fresh(run).state == RunState.RUNNING.value)
    return fresh(run)


def held(run: Run) -> str:
    ssm = client(run.experiment.deployment.place.access, "ssm", Purpose.STOP)
    return str(ssm.get_parameter(Name=NAME)["Parameter"]["Value"])


def test_it_starts_is_stopped_and_leaves_the_parameter_as_it_was(
    cast: Cast, estate: Simulator
) -> None:
    estate.join("media-functions")
    run = started(cast)
    assert json.loads(held(run))["delay"] == 300
    until(lambda: bool(fresh(run).actions))
    assert [action["name"] for action in fresh(run).actions] == [NAME]

    stop_run(actor=cast.actor("operator"), run=run, reason="enough")
    assert held(run) == "{}"
    until(lambda: fresh(run).state == RunState.STOPPED.value)
    until(lambda: bool(fresh(run).archive))

    ended = fresh(run)
    assert ended.archive["outcome"] == "stopped"
    labels = ResolvedTarget.objects.filter(run=run).values_list("label", flat=True)
    assert list(labels) == ["media-search"]


def test_a_stop_condition_in_alarm_stops_it_since_no_fis_is_there_to_do_it(cast: Cast) -> None:
    _, run = build.live(
        cast,
        deployment=searching(cast),
        template_version=late_answers(),
        parameters={},
        steady_state=PROBES,
        az="",
    )
    Run.objects.filter(pk=run.pk).update(state=RunState.STARTING.value, asked_at=database_now())
    quiet = AlarmReading(ALARM, "media-search-success", "OK", "")
    loud = AlarmReading(ALARM, "media-search-success", "ALARM", "")

    assert not hold_alarms(fresh(run), {ALARM: quiet})
    assert hold_alarms(fresh(run), {ALARM: loud})
    assert fresh(run).stop_requested_at is not None
    assert not hold_alarms(fresh(run), {ALARM: loud})
