"""Experiments in production stop by themselves when nobody watches them any more."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from exercises.aws.alarms import alarm_states
from exercises.aws.heartbeat import beat
from exercises.models import AccountRegion
from exercises.queries.plans import definition_of
from tests import build
from tests.cast import Cast
from tests.simulated_aws import PRODUCTION, access_to

if TYPE_CHECKING:
    from simulator.server import Simulator

ARN = "arn:aws:cloudwatch:eu-central-1:111111111111:alarm:chaosplane-heartbeat"


@pytest.mark.django_db
def test_production_carries_the_heartbeats_alarm_and_nothing_else_does(cast: Cast) -> None:
    experiment = build.proposed(cast)
    place = experiment.deployment.place
    assert ARN not in str(definition_of(experiment)["stopConditions"])
    AccountRegion.objects.filter(pk=place.pk).update(heartbeat_alarm_arn=ARN)
    experiment.deployment.place.refresh_from_db()
    assert str(definition_of(experiment)["stopConditions"]).count(ARN) == 1
    experiment.deployment.place.account.environment = "pre-production"
    assert ARN not in str(definition_of(experiment)["stopConditions"])


def state() -> str:
    (alarm,) = alarm_states(access_to(PRODUCTION), [ARN])
    return alarm.state


def test_the_alarm_fires_when_the_heartbeat_ends(estate: Simulator) -> None:
    """Sixty times faster: ten minutes without a heartbeat are ten seconds here."""
    end = time.monotonic() + 60
    while state() != "OK":
        assert time.monotonic() < end
        beat(access_to(PRODUCTION))
        time.sleep(0.3)
    while state() != "ALARM":
        assert time.monotonic() < end
        time.sleep(0.3)
