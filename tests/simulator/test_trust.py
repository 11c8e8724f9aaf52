"""Who may take which role: a wrong role or external id shows at once."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.simulator.cloud import PLATFORM, PROD, Cloud


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
