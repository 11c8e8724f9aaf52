"""AWS misbehaves on demand: every kind of misbehaviour shows as AWS would show it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from simulator.journal import Journal
from simulator.knobs import Knob
from tests.simulator.cloud import BROKERS_A, PROD, REGION, SUBNETS_A, Cloud, stop_brokers


@pytest.fixture
def knobs(cloud: Cloud) -> Iterator[Cloud]:
    yield cloud
    cloud.simulator.knobs.clear()


def turn(cloud: Cloud, kind: str, operation: str, **more: Any) -> None:
    cloud.simulator.knobs.add(Knob(kind, operation, **more))


def starting(cloud: Cloud, token: str, template: dict[str, Any]) -> dict[str, Any]:
    echo: dict[str, Any] = cloud.fis.start_experiment(
        clientToken=f"{template['id']}-{token}", experimentTemplateId=template["id"]
    )["experiment"]
    return echo


def listed(cloud: Cloud, template: dict[str, Any]) -> list[str]:
    found = cloud.fis.list_experiments(experimentTemplateId=template["id"])["experiments"]
    return [each["id"] for each in found]


def test_a_lost_response_leaves_its_effect_behind(knobs: Cloud) -> None:
    template = knobs.template()
    turn(knobs, "lose_response", "StartExperiment", count=1)
    with pytest.raises(ConnectionClosedError):
        starting(knobs, "one", template)
    (made,) = listed(knobs, template)
    assert starting(knobs, "one", template)["id"] == made
    assert [e["outcome"] for e in knobs.simulator.journal.entries()[-3:]] == ["lost", "ok", "ok"]


def test_a_lost_request_has_no_effect(knobs: Cloud) -> None:
    template = knobs.template()
    turn(knobs, "lose_request", "StartExperiment", count=1)
    with pytest.raises(ConnectionClosedError):
        starting(knobs, "one", template)
    assert listed(knobs, template) == []


@pytest.mark.parametrize(
    ("kind", "code", "status", "has_effect"),
    [
        ("throttle", "ThrottlingException", 429, False),
        ("deny", "AccessDeniedException", 403, False),
        ("fail", "InternalServerException", 500, False),
        ("fail_after", "InternalServerException", 500, True),
    ],
)
def test_an_error_comes_before_or_after_the_effect(
    knobs: Cloud, kind: str, code: str, status: int, has_effect: bool
) -> None:
    template = knobs.template()
    turn(knobs, kind, "StartExperiment", count=1)
    with pytest.raises(ClientError) as raised:
        starting(knobs, "one", template)
    assert raised.value.response["Error"]["Code"] == code
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert bool(listed(knobs, template)) is has_effect


def test_roles_are_denied_when_sts_is_made_to(knobs: Cloud) -> None:
    turn(knobs, "deny", "AssumeRole", count=1)
    role = f"arn:aws:iam::{PROD}:role/chaosplane-read"
    with pytest.raises(ClientError, match="AccessDenied"):
        knobs.sts().assume_role(RoleArn=role, RoleSessionName="test", ExternalId="chaosplane-demo")


def test_a_list_that_lags_shows_only_what_is_older(knobs: Cloud) -> None:
    template = knobs.template()
    made = starting(knobs, "one", template)["id"]
    turn(knobs, "list_lag", "ListExperiments", seconds=60)
    assert listed(knobs, template) == []
    knobs.simulator.clock.advance(60)  # type: ignore[attr-defined]
    assert listed(knobs, template) == [made]


def test_a_template_can_be_changed_right_before_it_is_started(knobs: Cloud) -> None:
    alarm = f"arn:aws:cloudwatch:{REGION}:{PROD}:alarm:mqtt-undelivered-high"
    guarded = [{"source": "aws:cloudwatch:alarm", "value": alarm}]
    template = knobs.template(stopConditions=guarded)
    assert template["stopConditions"] == guarded
    turn(knobs, "change_template", "StartExperiment", count=1)
    echo = starting(knobs, "one", template)
    assert echo["stopConditions"] == [{"source": "none"}]


def test_a_stop_can_get_stuck(knobs: Cloud) -> None:
    made = starting(knobs, "one", knobs.template())["id"]
    turn(knobs, "stuck_stopping", "StopExperiment", seconds=300, count=1)
    knobs.fis.stop_experiment(id=made)
    knobs.simulator.clock.advance(200)  # type: ignore[attr-defined]
    assert knobs.fis.get_experiment(id=made)["experiment"]["state"]["status"] == "stopping"
    knobs.simulator.clock.advance(200)  # type: ignore[attr-defined]
    assert knobs.fis.get_experiment(id=made)["experiment"]["state"]["status"] == "stopped"


def test_a_knob_is_turned_and_taken_back_over_http(knobs: Cloud) -> None:
    url = f"{knobs.simulator.url}/simulator/knobs"
    body = json.dumps({"kind": "fail", "operation": "GetExperiment", "count": 2}).encode()
    with urllib.request.urlopen(url, data=body) as answer:
        assert json.load(answer)["knobs"][0]["count"] == 2
    request = urllib.request.Request(url, method="DELETE")
    with urllib.request.urlopen(request) as answer:
        assert json.load(answer) == {"knobs": []}


@pytest.mark.parametrize(
    ("knob", "named"),
    [
        ({"kind": "explode"}, "kind"),
        ({"kind": "fail", "count": 0}, "count"),
        ({"kind": "fail", "probability": 2}, "probability"),
        ({"kind": "fail", "colour": "red"}, "colour"),
    ],
)
def test_a_knob_that_means_nothing_is_refused(
    knobs: Cloud, knob: dict[str, Any], named: str
) -> None:
    url = f"{knobs.simulator.url}/simulator/knobs"
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(url, data=json.dumps(knob).encode())
    with raised.value as refused:
        assert refused.code == 400
        assert named in json.load(refused)["message"]


def test_a_line_of_the_journal_is_on_disk_before_the_answer(cloud: Cloud, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.add(cloud.simulator.clock.wall(), "StopExperiment", PROD, "eu-central-1", {}, "ok", "E")
    line = json.loads((tmp_path / "journal.jsonl").read_text())
    assert (line["operation"], line["made"]) == ("StopExperiment", "E")
    journal.close()


def test_a_rollback_can_leave_an_instance_stopped_and_a_subnet_cut_off(knobs: Cloud) -> None:
    turn(knobs, "leave_stopped", "aws:ec2:stop-instances", count=1)
    turn(knobs, "leave_nacl", "aws:network:disrupt-connectivity", count=1)
    template = knobs.template(
        targets={"brokers": BROKERS_A, "nets": SUBNETS_A},
        actions={
            "stop": stop_brokers("PT2M"),
            "cut": {
                "actionId": "aws:network:disrupt-connectivity",
                "parameters": {"scope": "all", "duration": "PT2M"},
                "targets": {"Subnets": "nets"},
            },
        },
    )
    made = starting(knobs, "one", template)["id"]
    knobs.simulator.clock.advance(300)  # type: ignore[attr-defined]
    assert knobs.fis.get_experiment(id=made)["experiment"]["state"]["status"] == "completed"
    assert knobs.brokers("a") == ["running", "running", "stopped"]
    (acl,) = knobs.acls_of_fis()
    assert [each["SubnetId"] for each in acl["Associations"]] != []
