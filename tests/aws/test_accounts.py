"""What the read role tells of an account, and what each role is good for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from exercises.aws.alarms import alarm_states
from exercises.aws.fleet import application_nodes
from exercises.aws.permissions_check import check_roles
from exercises.aws.sessions import Purpose, client
from exercises.domain.errors import EngineError
from exercises.domain.plans import AccountAccess
from tests.simulated_aws import PLATFORM, PRODUCTION, REGION, access_to, stopped_clock


@pytest.fixture(scope="module")
def access() -> Iterator[AccountAccess]:
    with stopped_clock():
        yield access_to(PRODUCTION)


def test_a_fleet_is_every_instance_of_the_application_by_zone(access: AccountAccess) -> None:
    nodes = application_nodes(access, "mqtt-broker")
    assert [node.name for node in nodes] == [
        f"broker-{zone}{number}" for zone in "abc" for number in (1, 2, 3)
    ]
    assert {node.az for node in nodes} == {f"{REGION}{zone}" for zone in "abc"}
    assert {node.state for node in nodes} == {"running"}
    assert nodes[0].arn == (f"arn:aws:ec2:{REGION}:{PRODUCTION}:instance/{nodes[0].resource_id}")


def test_a_stopped_instance_is_still_of_the_fleet(access: AccountAccess) -> None:
    ec2 = client(access, "ec2", Purpose.START)
    first = application_nodes(access, "mqtt-broker")[0]
    ec2.stop_instances(InstanceIds=[first.resource_id])
    try:
        assert application_nodes(access, "mqtt-broker")[0].state == "stopped"
    finally:
        ec2.start_instances(InstanceIds=[first.resource_id])


def test_an_account_shows_its_own_instances_only(access: AccountAccess) -> None:
    assert application_nodes(access_to(PLATFORM), "mqtt-broker") == []
    assert len(application_nodes(access_to(PLATFORM), "ci-runners")) == 6


def test_alarms_come_in_the_order_asked_for_without_those_that_are_not_there(
    access: AccountAccess,
) -> None:
    cloudwatch = client(access, "cloudwatch", Purpose.START)
    for name, state in (("first", "OK"), ("second: loud", "ALARM")):
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            Namespace="Tests",
            MetricName="Any",
            Statistic="Average",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="LessThanThreshold",
        )
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="test")
    prefix = f"arn:aws:cloudwatch:{REGION}:{PRODUCTION}:alarm:"
    asked = [f"{prefix}second: loud", f"{prefix}nowhere", f"{prefix}first"]
    assert [(alarm.name, alarm.state) for alarm in alarm_states(access, asked)] == [
        ("second: loud", "ALARM"),
        ("first", "OK"),
    ]


def test_no_alarm_asked_for_is_none_read(access: AccountAccess) -> None:
    assert alarm_states(access, []) == []


def test_each_role_is_checked_by_itself(access: AccountAccess) -> None:
    assert [(purpose, ok) for purpose, ok, _ in check_roles(access)] == [
        ("read", True),
        ("start", True),
        ("stop", True),
    ]
    broken = replace(access, stop_role_arn=f"{access.stop_role_arn}-no")
    found = {purpose: (ok, message) for purpose, ok, message in check_roles(broken)}
    assert found["read"][0]
    assert found["start"][0]
    ok, message = found["stop"]
    assert not ok
    assert broken.stop_role_arn in message


def test_a_role_of_another_account_is_found_out(access: AccountAccess) -> None:
    astray = replace(access, start_role_arn=access_to(PLATFORM).start_role_arn)
    found = {purpose: (ok, message) for purpose, ok, message in check_roles(astray)}
    assert found["start"] == (
        False,
        f"The role to start leads to account {PLATFORM}, not to {PRODUCTION}",
    )


def test_a_purpose_acts_under_its_own_role(access: AccountAccess) -> None:
    for purpose in Purpose:
        arn = client(access, "sts", purpose).get_caller_identity()["Arn"]
        assert arn.split("/")[1:] == [f"chaosplane-{purpose}", f"chaosplane-{purpose}"]


def test_a_client_is_made_once_for_each_purpose(access: AccountAccess) -> None:
    first = client(access, "ec2", Purpose.READ)
    assert client(access, "ec2", Purpose.READ) is first
    assert client(access, "ec2", Purpose.STOP) is not first


def test_aws_out_of_reach_is_an_error_that_can_be_tried_again(
    access: AccountAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    elsewhere = replace(access, region="eu-west-3")
    with pytest.raises(EngineError, match="could not be reached") as caught:
        client(elsewhere, "ec2", Purpose.READ)
    assert (caught.value.outcome, caught.value.retryable) == ("none", True)
