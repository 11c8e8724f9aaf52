"""How an experiment runs: order, targets, stop, failure and the safety lever."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.simulator.cloud import (
    BROKERS_A,
    INT,
    PROD,
    REGION,
    WAIT,
    Cloud,
    stop_brokers,
    tagged,
)


def test_actions_wait_for_those_they_start_after(cloud: Cloud) -> None:
    template = cloud.template(
        actions={
            "first": WAIT,
            "beside": WAIT,
            "then": {**WAIT, "startAfter": ["first", "beside"]},
        }
    )
    experiment = cloud.start(template)

    cloud.advance(10)
    assert cloud.actions(experiment) == {
        "first": "running",
        "beside": "running",
        "then": "pending",
    }
    cloud.advance(125)
    assert cloud.actions(experiment)["then"] == "running"
    cloud.advance(125)
    assert cloud.status(experiment) == "completed"


def test_states_go_from_pending_to_running_in_time(cloud: Cloud) -> None:
    experiment = cloud.start(cloud.template())
    assert cloud.status(experiment) == "pending"

    cloud.advance(2)
    assert cloud.status(experiment) == "initiating"
    cloud.advance(2)
    assert cloud.status(experiment) == "running"


def test_stopped_instances_start_again_after_their_duration(cloud: Cloud) -> None:
    experiment = cloud.start(
        cloud.template(targets={"brokers": BROKERS_A}, actions={"stop": stop_brokers()})
    )
    cloud.advance(10)
    assert cloud.brokers("a") == ["stopped"] * 3
    assert cloud.brokers("b") == ["running"] * 3

    cloud.advance(310)
    assert cloud.brokers("a") == ["running"] * 3
    assert cloud.status(experiment) == "completed"


def test_stopping_an_experiment_rolls_back_what_runs(cloud: Cloud) -> None:
    then = {**WAIT, "startAfter": ["stop"]}
    experiment = cloud.start(
        cloud.template(
            targets={"brokers": BROKERS_A}, actions={"stop": stop_brokers(), "then": then}
        )
    )
    cloud.advance(60)

    stopping = cloud.fis.stop_experiment(id=experiment)["experiment"]["state"]
    cloud.advance(20)

    assert stopping == {"status": "stopping", "reason": "Stopping Experiment."}
    assert cloud.status(experiment) == "stopped"
    assert cloud.actions(experiment) == {"stop": "stopped", "then": "cancelled"}
    assert cloud.brokers("a") == ["running"] * 3


def test_stopping_before_it_runs_never_lets_an_action_begin(cloud: Cloud) -> None:
    template = cloud.template(targets={"brokers": BROKERS_A}, actions={"stop": stop_brokers()})
    experiment = cloud.start(template)

    cloud.fis.stop_experiment(id=experiment)
    cloud.advance(60)

    assert cloud.status(experiment) == "stopped"
    assert cloud.actions(experiment) == {"stop": "cancelled"}
    assert cloud.brokers("a") == ["running"] * 3


def test_stopping_what_is_over_changes_nothing(cloud: Cloud) -> None:
    experiment = cloud.start(cloud.template())
    cloud.advance(200)

    cloud.fis.stop_experiment(id=experiment)
    cloud.advance(60)

    assert cloud.status(experiment) == "completed"


def test_instances_without_a_duration_stay_stopped(cloud: Cloud) -> None:
    action = stop_brokers(back_after=None)
    experiment = cloud.start(
        cloud.template(targets={"brokers": BROKERS_A}, actions={"stop": action})
    )
    cloud.advance(60)

    assert cloud.status(experiment) == "completed"
    assert cloud.brokers("a") == ["stopped"] * 3


def test_a_preview_resolves_targets_and_touches_nothing(cloud: Cloud) -> None:
    half = tagged("aws:ec2:instance", selectionMode="PERCENT(50)")
    template = cloud.template(targets={"brokers": half}, actions={"stop": stop_brokers()})

    experiment = cloud.start(template, experimentOptions={"actionsMode": "skip-all"})
    cloud.advance(10)
    found = cloud.fis.list_experiment_resolved_targets(experimentId=experiment)

    assert cloud.status(experiment) == "completed"
    assert cloud.actions(experiment) == {"stop": "skipped"}
    assert len(found["resolvedTargets"]) == 4  # half of 9, rounded down
    assert cloud.brokers("a") == ["running"] * 3


def test_an_empty_target_fails_the_experiment_unless_it_may_be_skipped(cloud: Cloud) -> None:
    nothing = {**BROKERS_A, "resourceTags": {"no": "such"}}
    body: dict[str, Any] = {
        "targets": {"brokers": nothing},
        "actions": {"stop": stop_brokers(), "wait": {**WAIT, "startAfter": ["stop"]}},
    }
    skip = {"accountTargeting": "single-account", "emptyTargetResolutionMode": "skip"}

    failing = cloud.start(cloud.template(**body))
    skipping = cloud.start(cloud.template(**body, experimentOptions=skip))
    cloud.advance(200)

    state = cloud.experiment(failing)["state"]
    assert (state["status"], state["error"]["code"]) == ("failed", "InvalidTarget")
    assert state["reason"] == "Target resolution returned empty set."
    assert cloud.actions(skipping) == {"stop": "skipped", "wait": "completed"}
    assert cloud.status(skipping) == "completed"


def test_a_missing_arn_fails_even_where_empty_targets_are_skipped(cloud: Cloud) -> None:
    gone = {
        "resourceType": "aws:ec2:instance",
        "resourceArns": [f"arn:aws:ec2:{REGION}:{PROD}:instance/i-0123456789abcdef0"],
        "selectionMode": "ALL",
    }
    experiment = cloud.start(
        cloud.template(
            targets={"brokers": gone},
            actions={"stop": stop_brokers()},
            experimentOptions={
                "accountTargeting": "single-account",
                "emptyTargetResolutionMode": "skip",
            },
        )
    )
    cloud.advance(10)

    assert cloud.experiment(experiment)["state"]["error"]["code"] == "InvalidTarget"


def test_an_alarm_of_a_stop_condition_halts_and_rolls_back(cloud: Cloud) -> None:
    cloudwatch = cloud.client("cloudwatch")
    arn = f"arn:aws:cloudwatch:{REGION}:{PROD}:alarm:mqtt-undelivered-high"
    experiment = cloud.start(
        cloud.template(
            targets={"brokers": BROKERS_A},
            actions={"stop": stop_brokers()},
            stopConditions=[{"source": "aws:cloudwatch:alarm", "value": arn}],
        )
    )
    cloud.advance(10)

    cloudwatch.set_alarm_state(
        AlarmName="mqtt-undelivered-high", StateValue="ALARM", StateReason="a test"
    )
    cloud.advance(20)

    state = cloud.experiment(experiment)["state"]
    assert state == {"status": "stopped", "reason": "Experiment halted by stop condition."}
    assert cloud.brokers("a") == ["running"] * 3


def test_an_action_without_an_effect_here_lasts_its_duration_and_says_so(cloud: Cloud) -> None:
    action = {
        "actionId": "aws:ssm:start-automation-execution",
        "parameters": {
            "documentArn": "arn:aws:ssm:eu-central-1::document/X",
            "maxDuration": "PT5M",
        },
    }
    experiment = cloud.start(cloud.template(actions={"run": action}))
    cloud.advance(240)
    assert cloud.actions(experiment) == {"run": "running"}
    cloud.advance(70)

    document = cloud.experiment(experiment)
    assert document["state"]["status"] == "completed"
    assert document["actions"]["run"]["state"] == {
        "status": "completed",
        "reason": "Action was completed: it has no effect in this simulator.",
    }


def test_a_failing_action_rolls_the_others_back(cloud: Cloud) -> None:
    failing = {
        "actionId": "aws:cloudwatch:assert-alarm-state",
        "parameters": {
            "alarmArns": f"arn:aws:cloudwatch:{REGION}:{PROD}:alarm:mqtt-undelivered-high",
            "alarmStates": "INSUFFICIENT_DATA",
        },
    }
    experiment = cloud.start(
        cloud.template(
            targets={"brokers": BROKERS_A}, actions={"stop": stop_brokers(), "zz": failing}
        )
    )
    cloud.advance(10)

    assert cloud.status(experiment) == "failed"
    assert cloud.actions(experiment) == {"stop": "stopped", "zz": "failed"}
    assert cloud.brokers("a") == ["running"] * 3


def test_the_safety_lever_engages_once_everything_has_stopped(cloud: Cloud) -> None:
    fis = cloud.fis
    running = cloud.start(cloud.template())
    cloud.advance(10)
    state = {"status": "engaged", "reason": "An incident"}

    engaging = fis.update_safety_lever_state(id="default", state=state)["safetyLever"]["state"]
    with pytest.raises(fis.exceptions.ConflictException):
        fis.update_safety_lever_state(id="default", state=state)
    cloud.advance(20)
    engaged = fis.get_safety_lever(id="default")["safetyLever"]["state"]
    late = cloud.start(cloud.template())

    assert (engaging["status"], engaged["status"]) == ("engaging", "engaged")
    assert cloud.status(running) == "stopped"
    assert cloud.status(late) == "cancelled"


def test_a_multi_account_experiment_acts_through_the_role_of_each_account(cloud: Cloud) -> None:
    options = {"accountTargeting": "multi-account", "emptyTargetResolutionMode": "fail"}
    template = cloud.template(
        targets={"brokers": BROKERS_A},
        actions={"stop": stop_brokers()},
        experimentOptions=options,
    )
    cloud.fis.create_target_account_configuration(
        experimentTemplateId=template["id"],
        accountId=INT,
        roleArn=f"arn:aws:iam::{INT}:role/fis-experiments",
    )
    cloud.start(template)
    cloud.advance(10)

    assert cloud.brokers("a", INT) == ["stopped"]
    assert cloud.brokers("a", PROD) == ["running"] * 3


def test_a_role_that_does_not_exist_fails_the_experiment(cloud: Cloud) -> None:
    experiment = cloud.start(cloud.template(roleArn=f"arn:aws:iam::{PROD}:role/nobody"))
    cloud.advance(10)

    assert cloud.experiment(experiment)["state"]["error"]["code"] == "AuthorizationFailure"


def test_eventbridge_hears_of_every_state_change_and_sends_it_to_the_queue(cloud: Cloud) -> None:
    sqs = cloud.client("sqs", role="chaosplane-read")
    queue = f"https://sqs.{REGION}.amazonaws.com/{PROD}/chaosplane-fis-events"
    sqs.purge_queue(QueueUrl=queue)
    ref = cloud.start(cloud.template())
    cloud.advance(5)
    cloud.fis.stop_experiment(id=ref)
    cloud.advance(30)
    told = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    events = [json.loads(message["Body"]) for message in told]
    assert {event["detail"]["experiment-id"] for event in events} == {ref}
    assert {(event["source"], event["account"], event["region"]) for event in events} == {
        ("aws.fis", PROD, REGION)
    }
    states = [event["detail"]["new-state"]["status"] for event in events]
    assert states == ["initiating", "running", "stopping", "stopped"]


def test_a_report_that_is_asked_for_is_not_pretended(cloud: Cloud) -> None:
    bucket = {"s3Configuration": {"bucketName": "reports"}}
    template = cloud.template(experimentReportConfiguration={"outputs": bucket})
    run = cloud.start(template)
    preview = cloud.start(template, experimentOptions={"actionsMode": "skip-all"})
    assert cloud.experiment(run)["experimentReport"]["state"]["status"] == "pending"
    cloud.advance(130)

    assert cloud.experiment(run)["experimentReport"] == {
        "state": {"status": "failed", "reason": "This simulator writes no reports."},
        "s3Reports": [],
    }
    assert cloud.experiment(preview)["experimentReport"]["state"]["status"] == "cancelled"
