"""Who may take which role: a wrong role or external id shows at once."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.simulator.cloud import PLATFORM, PROD, REGION, Cloud


@pytest.mark.parametrize(
    ("role", "external_id"),
    [
        (f"arn:aws:iam::{PROD}:role/chaosplane-write", "chaosplane-demo"),
        (f"arn:aws:iam::{PROD}:role/chaosplane-read", "another"),
        (f"arn:aws:iam::{PROD}:role/fis-experiments", "chaosplane-demo"),
        ("arn:aws:iam::999999999999:role/chaosplane-read", "chaosplane-demo"),
    ],
)
def test_a_role_is_denied_to_whoever_its_trust_policy_does_not_name(
    cloud: Cloud, role: str, external_id: str
) -> None:
    with pytest.raises(ClientError) as raised:
        cloud.sts().assume_role(RoleArn=role, RoleSessionName="test", ExternalId=external_id)

    assert raised.value.response["Error"]["Code"] == "AccessDenied"
    assert role in raised.value.response["Error"]["Message"]


def test_sessions_live_in_the_account_of_their_role(cloud: Cloud) -> None:
    identity = cloud.client("sts", PLATFORM, "chaosplane-read").get_caller_identity()

    assert identity["Account"] == PLATFORM
    assert "assumed-role/chaosplane-read" in identity["Arn"]


def session(cloud: Cloud, policy: object) -> Any:
    """A FIS client whose session may do only what the policy says."""
    keys = cloud.sts().assume_role(
        RoleArn=f"arn:aws:iam::{PROD}:role/chaosplane-start",
        RoleSessionName="test",
        ExternalId="chaosplane-demo",
        Policy=policy if isinstance(policy, str) else json.dumps(policy),
    )["Credentials"]
    return boto3.client(
        "fis",
        region_name=REGION,
        endpoint_url=cloud.simulator.url,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )


def one_start(template: str, until: datetime) -> dict[str, Any]:
    fis = f"arn:aws:fis:{REGION}:{PROD}"
    return {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Action": "fis:StartExperiment",
            "Resource": [f"{fis}:experiment-template/{template}", f"{fis}:experiment/*"],
            "Condition": {"DateLessThan": {"aws:CurrentTime": until.isoformat()}},
        },
    }


def test_a_session_policy_lets_start_one_template_until_a_time_and_no_more(cloud: Cloud) -> None:
    mine, other = cloud.template()["id"], cloud.template()["id"]
    until = cloud.simulator.clock.wall() + timedelta(seconds=30)
    fis = session(cloud, one_start(mine, until))

    started = fis.start_experiment(clientToken="a", experimentTemplateId=mine)["experiment"]
    with pytest.raises(ClientError, match="AccessDenied"):
        fis.start_experiment(clientToken="b", experimentTemplateId=other)
    with pytest.raises(ClientError, match="AccessDenied"):
        fis.stop_experiment(id=started["id"])
    cloud.simulator.clock.advance(31)  # type: ignore[attr-defined]
    with pytest.raises(ClientError, match="AccessDenied"):
        fis.start_experiment(clientToken="c", experimentTemplateId=mine)


@pytest.mark.parametrize(
    "policy",
    [
        "{",
        {"Statement": [{"Effect": "Allow", "Action": "*"}]},
        one_start("EXT1", datetime(2026, 11, 21, tzinfo=UTC))
        | {
            "Statement": {
                "Effect": "Allow",
                "Action": "*",
                "Resource": "*",
                "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
            }
        },
    ],
)
def test_a_session_policy_that_is_not_understood_gives_no_session(
    cloud: Cloud, policy: object
) -> None:
    with pytest.raises(ClientError, match="MalformedPolicyDocument"):
        session(cloud, policy)
