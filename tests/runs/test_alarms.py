"""The room knows how the alarms are that stop a run: as AWS says, or that AWS did not say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exercises.domain.errors import EngineError
from exercises.services import look
from tests import build
from tests.cast import Cast
from tests.drive import fresh, until

if TYPE_CHECKING:
    from simulator.server import Simulator

pytestmark = pytest.mark.django_db


def test_a_run_keeps_what_aws_says_of_its_stop_alarms(cast: Cast, estate: Simulator) -> None:
    _, run = build.live(cast)
    until(lambda: bool(fresh(run).alarms) and fresh(run).alarms[0]["state"] == "OK")
    (alarm,) = fresh(run).alarms
    assert alarm["name"] == "mqtt-undelivered-high"
    assert alarm["rule"] == "MessagesDelivered is below 75 for 3 min"


def test_an_alarm_that_aws_does_not_know_is_said_to_be_missing(
    cast: Cast, estate: Simulator
) -> None:
    where = build.deployment(cast)
    where.alarm_arns = [where.alarm_arns[0].replace("undelivered", "nowhere")]
    where.save(update_fields=["alarm_arns"])
    _, run = build.live(cast)
    until(lambda: bool(fresh(run).alarms))
    assert [a["state"] for a in fresh(run).alarms] == ["MISSING"]


def test_alarms_that_cannot_be_read_cost_nothing_but_themselves(
    cast: Cast, estate: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, run = build.live(cast)

    def denied(access: object, arns: object) -> object:
        raise EngineError("Could not describe alarms: denied", outcome="none", retryable=False)

    monkeypatch.setattr(look, "alarm_states", denied)
    until(lambda: any(n["state"] != "running" for n in fresh(run).fleet))
    seen = fresh(run)
    assert seen.actions
    assert seen.samples.exists()
    assert [(a["state"], a["reason"]) for a in seen.alarms] == [
        ("UNKNOWN", "Could not describe alarms: denied")
    ]
