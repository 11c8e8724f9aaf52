"""The experiment log in CloudWatch Logs: what happened, in records of the version asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.simulator.cloud import BROKERS_A, PROD, REGION, Cloud, stop_brokers

GROUP = "/exercises/fis"
ARN = f"arn:aws:logs:{REGION}:{PROD}:log-group:{GROUP}:*"


def logging(version: int = 2, arn: str = ARN) -> dict[str, Any]:
    return {"cloudWatchLogsConfiguration": {"logGroupArn": arn}, "logSchemaVersion": version}


@pytest.fixture
def logs(cloud: Cloud) -> Iterator[Any]:
    client = cloud.client("logs", role="chaosplane-read")
    client.create_log_group(logGroupName=GROUP)
    yield client
    client.delete_log_group(logGroupName=GROUP)


def records(logs: Any, experiment: str) -> list[dict[str, Any]]:
    events = logs.get_log_events(logGroupName=GROUP, logStreamName=f"/aws/fis/{experiment}")
    return [json.loads(event["message"]) for event in events["events"]]


def test_a_run_is_logged_from_its_start_to_its_end(cloud: Cloud, logs: Any) -> None:
    template = cloud.template(
        targets={"brokers": BROKERS_A},
        actions={"stop": stop_brokers("PT1M")},
        logConfiguration=logging(),
    )
    experiment = cloud.start(template)
    cloud.advance(90)

    log = records(logs, experiment)
    assert [each["log_type"] for each in log] == [
        "experiment-start",
        "target-resolution-start",
        "target-resolution-detail",
        "target-resolution-end",
        "action-start",
        "action-end",
        "experiment-end",
    ]
    assert {(each["id"], each["version"]) for each in log} == {(experiment, "2")}
    details = [each["details"] for each in log]
    assert details[0]["experiment_template_id"] == template["id"]
    assert (details[2]["account_id"], details[2]["resolved_targets_count"]) == (PROD, 3)
    assert len(details[3]["resolved_targets"]) == details[3]["total_resolved_targets_count"] == 3
    assert all(":instance/i-" in each["arn"] for each in details[3]["resolved_targets"])
    assert details[4]["action_targets"] == {"Instances": "brokers"}
    assert details[5]["action_state"] == {"status": "completed", "reason": "Action was completed."}
    assert details[6]["experiment_state"]["status"] == "completed"


def test_the_first_version_of_the_schema_has_no_detail_of_each_account(
    cloud: Cloud, logs: Any
) -> None:
    template = cloud.template(
        targets={"brokers": BROKERS_A},
        actions={"stop": stop_brokers("PT1M")},
        logConfiguration=logging(version=1),
    )
    experiment = cloud.start(template, experimentOptions={"actionsMode": "skip-all"})
    cloud.advance(20)

    log = records(logs, experiment)
    assert "target-resolution-detail" not in [each["log_type"] for each in log]
    assert {each["version"] for each in log} == {"1"}
    ended = next(each for each in log if each["log_type"] == "action-end")
    assert ended["details"]["action_state"]["status"] == "skipped"


def test_a_failed_action_is_logged_as_an_error(cloud: Cloud, logs: Any) -> None:
    alarm = f"arn:aws:cloudwatch:{REGION}:{PROD}:alarm:mqtt-undelivered-high"
    failing = {
        "actionId": "aws:cloudwatch:assert-alarm-state",
        "parameters": {"alarmArns": alarm, "alarmStates": "INSUFFICIENT_DATA"},
    }
    experiment = cloud.start(cloud.template(actions={"check": failing}, logConfiguration=logging()))
    cloud.advance(20)

    error = next(each for each in records(logs, experiment) if each["log_type"] == "action-error")
    assert error["details"]["action_name"] == "check"
    assert error["details"]["action_state"]["status"] == "failed"


def test_a_log_group_that_is_not_there_fails_even_a_preview(cloud: Cloud) -> None:
    lost = f"arn:aws:logs:{REGION}:{PROD}:log-group:/nowhere:*"
    template = cloud.template(logConfiguration=logging(arn=lost))
    experiment = cloud.start(template, experimentOptions={"actionsMode": "skip-all"})
    cloud.advance(20)

    state = cloud.experiment(experiment)["state"]
    assert state["status"] == "failed"
    assert state["error"]["location"] == "logConfiguration"


def test_what_is_not_the_arn_of_a_log_group_is_refused(cloud: Cloud) -> None:
    with pytest.raises(ClientError, match="logGroupArn must be the ARN of a log group"):
        cloud.template(logConfiguration=logging(arn="arn:aws:s3:::bucket-of-logs"))
