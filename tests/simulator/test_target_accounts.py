"""One experiment in several accounts: who is reached, through which role, and what is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.simulator.cloud import BROKERS_A, INT, PLATFORM, PROD, REGION, Cloud, stop_brokers

GROUP = "/exercises/several-accounts"
ORCHESTRATOR = f"arn:aws:iam::{PROD}:role/fis-experiments"
ROLE = "fis-target"
OPTIONS = {"accountTargeting": "multi-account", "emptyTargetResolutionMode": "fail"}


def trust(principal: str = ORCHESTRATOR) -> str:
    """The trust of a target account's role, as the FIS User Guide has it."""
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{PROD}:root"},
        "Action": "sts:AssumeRole",
        "Condition": {
            "StringLike": {"sts:ExternalId": f"arn:aws:fis:{REGION}:{PROD}:experiment/*"},
            "ArnEquals": {"aws:PrincipalArn": principal},
        },
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def target_role(cloud: Cloud) -> Iterator[Any]:
    """A role in the integration account that only the orchestrator's role may take."""
    iam = cloud.client("iam", INT)
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=trust())
    yield iam
    iam.delete_role(RoleName=ROLE)


@pytest.fixture
def logs(cloud: Cloud) -> Iterator[Any]:
    client = cloud.client("logs", role="chaosplane-read")
    client.create_log_group(logGroupName=GROUP)
    yield client
    client.delete_log_group(logGroupName=GROUP)


def configure(cloud: Cloud, template: dict[str, Any], account: str, role: str, **more: Any) -> Any:
    return cloud.fis.create_target_account_configuration(
        experimentTemplateId=template["id"],
        accountId=account,
        roleArn=f"arn:aws:iam::{account}:role/{role}",
        **more,
    )


def stopping_brokers(cloud: Cloud, **body: Any) -> dict[str, Any]:
    """A template that stops the brokers of zone a in the production and integration accounts."""
    template = cloud.template(
        targets={"brokers": BROKERS_A},
        actions={"stop": stop_brokers()},
        experimentOptions=OPTIONS,
        **body,
    )
    configure(cloud, template, PROD, "fis-experiments")
    configure(cloud, template, INT, ROLE)
    return template


def records(logs: Any, experiment: str, kind: str) -> list[dict[str, Any]]:
    events = logs.get_log_events(logGroupName=GROUP, logStreamName=f"/aws/fis/{experiment}")
    read = [json.loads(event["message"]) for event in events["events"]]
    return [each["details"] for each in read if each["log_type"] == kind]


def logging() -> dict[str, Any]:
    arn = f"arn:aws:logs:{REGION}:{PROD}:log-group:{GROUP}:*"
    return {"cloudWatchLogsConfiguration": {"logGroupArn": arn}, "logSchemaVersion": 2}


def test_targets_of_every_account_are_hit_logged_by_account_and_put_back_by_one_stop(
    cloud: Cloud, target_role: Any, logs: Any
) -> None:
    experiment = cloud.start(stopping_brokers(cloud, logConfiguration=logging()))
    cloud.advance(10)
    hit = cloud.brokers("a", PROD), cloud.brokers("a", INT)
    resolved = cloud.fis.list_experiment_resolved_targets(experimentId=experiment)
    cloud.fis.stop_experiment(id=experiment)
    cloud.advance(20)

    assert hit == (["stopped"] * 3, ["stopped"])
    arns = [each["targetInformation"]["arn"] for each in resolved["resolvedTargets"]]
    assert [arn.split(":")[4] for arn in arns] == [PROD] * 3 + [INT]
    details = records(logs, experiment, "target-resolution-detail")
    counted = {each["account_id"]: each["resolved_targets_count"] for each in details}
    assert counted == {PROD: 3, INT: 1}
    assert cloud.status(experiment) == "stopped"
    assert (cloud.brokers("a", PROD), cloud.brokers("a", INT)) == (["running"] * 3, ["running"])


def test_a_target_role_that_trusts_another_role_fails_the_experiment_in_its_account(
    cloud: Cloud, target_role: Any
) -> None:
    other = trust(f"arn:aws:iam::{PROD}:role/another")
    target_role.update_assume_role_policy(RoleName=ROLE, PolicyDocument=other)
    experiment = cloud.start(stopping_brokers(cloud))
    cloud.advance(10)

    state = cloud.experiment(experiment)["state"]
    assert (state["status"], state["error"]["code"]) == ("failed", "AuthorizationFailure")
    assert state["error"]["accountId"] == INT
    assert cloud.brokers("a", PROD) == ["running"] * 3


def test_nobody_but_the_orchestrators_role_may_take_the_role_of_a_target_account(
    cloud: Cloud, target_role: Any
) -> None:
    with pytest.raises(ClientError) as raised:
        cloud.client("sts", PROD, "chaosplane-start").assume_role(
            RoleArn=f"arn:aws:iam::{INT}:role/{ROLE}",
            RoleSessionName="test",
            ExternalId=f"arn:aws:fis:{REGION}:{PROD}:experiment/EXPany",
        )

    assert raised.value.response["Error"]["Code"] == "AccessDenied"


def test_an_action_that_cannot_be_done_in_one_account_names_that_account(
    cloud: Cloud, target_role: Any, logs: Any
) -> None:
    ec2 = cloud.client("ec2", INT)
    tags = [{"Key": "Name", "Value": "loose"}]
    volume = ec2.create_volume(
        AvailabilityZone=f"{REGION}a",
        Size=1,
        TagSpecifications=[{"ResourceType": "volume", "Tags": tags}],
    )["VolumeId"]
    loose = {
        "resourceType": "aws:ec2:ebs-volume",
        "resourceTags": {"Name": "loose"},
        "selectionMode": "ALL",
    }
    pause = {
        "actionId": "aws:ebs:pause-volume-io",
        "parameters": {"duration": "PT1M"},
        "targets": {"Volumes": "loose"},
    }
    template = cloud.template(
        targets={"loose": loose},
        actions={"pause": pause},
        experimentOptions=OPTIONS,
        logConfiguration=logging(),
    )
    configure(cloud, template, PROD, "fis-experiments")
    configure(cloud, template, INT, ROLE)
    experiment = cloud.start(template)
    cloud.advance(10)
    ec2.delete_volume(VolumeId=volume)

    state = cloud.experiment(experiment)["state"]
    assert (state["status"], state["error"]["accountId"]) == ("failed", INT)
    assert [each["account_id"] for each in records(logs, experiment, "action-error")] == [INT]


@pytest.mark.parametrize(
    ("account", "role_arn"),
    [
        (INT, f"arn:aws:iam::{PLATFORM}:role/fis-experiments"),
        (INT, "fis-experiments-and-no-arn"),
        ("3333333333333", "arn:aws:iam::3333333333333:role/fis-experiments"),
    ],
)
def test_a_target_account_whose_role_is_not_its_own_is_refused(
    cloud: Cloud, account: str, role_arn: str
) -> None:
    template = cloud.template(experimentOptions=OPTIONS)
    with pytest.raises(cloud.fis.exceptions.ValidationException):
        cloud.fis.create_target_account_configuration(
            experimentTemplateId=template["id"], accountId=account, roleArn=role_arn
        )
    configure(cloud, template, INT, "fis-experiments")
    with pytest.raises(cloud.fis.exceptions.ValidationException):
        cloud.fis.update_target_account_configuration(
            experimentTemplateId=template["id"], accountId=INT, roleArn=ORCHESTRATOR
        )


def test_a_client_token_configures_an_account_once_and_another_body_is_a_conflict(
    cloud: Cloud,
) -> None:
    template = cloud.template(experimentOptions=OPTIONS)
    token = f"once-{template['id']}"
    first = configure(cloud, template, INT, "fis-experiments", clientToken=token)
    again = configure(cloud, template, INT, "fis-experiments", clientToken=token)

    assert first["targetAccountConfiguration"] == again["targetAccountConfiguration"]
    with pytest.raises(cloud.fis.exceptions.ConflictException):
        configure(cloud, template, PROD, "fis-experiments", clientToken=token)
    with pytest.raises(cloud.fis.exceptions.ConflictException):
        configure(cloud, template, INT, "fis-experiments")


def test_accounts_are_configured_in_a_template_of_several_accounts_alone_and_it_needs_one(
    cloud: Cloud,
) -> None:
    with pytest.raises(cloud.fis.exceptions.ValidationException):
        configure(cloud, cloud.template(), INT, "fis-experiments")
    with pytest.raises(cloud.fis.exceptions.ValidationException):
        cloud.start(cloud.template(experimentOptions=OPTIONS))


def test_more_accounts_than_the_quota_are_refused(cloud: Cloud) -> None:
    template = cloud.template(experimentOptions=OPTIONS)
    for number in range(40):
        configure(cloud, template, f"{number:012}", "fis-experiments")

    with pytest.raises(cloud.fis.exceptions.ServiceQuotaExceededException, match="40"):
        configure(cloud, template, INT, "fis-experiments")
