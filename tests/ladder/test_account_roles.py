"""The policies of an account: the least that is needed, as people paste them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from exercises.domain.iam_policies import (
    RoleSetup,
    cloudformation,
    lever_policy,
    read_policy,
    start_policy,
    stop_policy,
    terraform,
    trust_policy,
)
from exercises.models import RoleCheck
from tests import build, past
from tests.cast import Cast

if TYPE_CHECKING:
    from simulator.server import Simulator

DOCUMENTED = Path(__file__).parents[2] / "docs" / "operations" / "aws-accounts.md"
ROLE = "arn:aws:iam::111111111111:role"
SETUP = RoleSetup(
    account_id="111111111111",
    external_id="a-secret",
    principal_arn="arn:aws:iam::222222222222:role/chaosplane-runtime",
    regions=("eu-central-1",),
    read_role_arn=f"{ROLE}/chaosplane-read",
    start_role_arn=f"{ROLE}/path/chaosplane-start",
    stop_role_arn=f"{ROLE}/chaosplane-stop",
    fis_role_arn=f"{ROLE}/fis-experiments",
    action_ids=("aws:ec2:stop-instances",),
    queue_arns=("arn:aws:sqs:eu-central-1:111111111111:chaosplane-fis-events",),
)


def actions_of(document: dict[str, Any]) -> set[str]:
    found = [statement["Action"] for statement in document["Statement"]]
    return {name for each in found for name in ([each] if isinstance(each, str) else each)}


@pytest.mark.parametrize(
    ("purpose", "made"),
    [
        ("read", actions_of(read_policy(SETUP))),
        ("start", actions_of(start_policy(SETUP))),
        ("stop", actions_of(stop_policy(SETUP)) | actions_of(lever_policy(SETUP))),
    ],
)
def test_the_policies_are_those_of_the_documentation(purpose: str, made: set[str]) -> None:
    (block,) = re.findall(rf"```json {purpose}\n(.*?)```", DOCUMENTED.read_text(), re.DOTALL)
    assert made == actions_of(json.loads(block))


def test_a_start_is_narrowed_to_the_account_its_regions_actions_and_one_role() -> None:
    written = json.dumps(start_policy(SETUP))
    assert "arn:aws:fis:eu-central-1:111111111111:action/aws:ec2:stop-instances" in written
    assert ":*:*:" not in written
    assert SETUP.fis_role_arn in written


def test_the_trust_asks_for_the_external_id() -> None:
    (statement,) = trust_policy(SETUP)["Statement"]
    assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": "a-secret"}}
    assert statement["Principal"] == {"AWS": SETUP.principal_arn}


def test_cloudformation_and_terraform_make_three_roles_with_four_policies() -> None:
    roles = cloudformation(SETUP)["Resources"].values()
    assert [role["Properties"]["RoleName"] for role in roles] == [
        "chaosplane-read",
        "chaosplane-start",
        "chaosplane-stop",
    ]
    assert sum(len(role["Properties"]["Policies"]) for role in roles) == 4
    written = terraform(SETUP)
    assert written.count('resource "aws_iam_role" ') == 3
    assert written.count('resource "aws_iam_role_policy" ') == 4
    bodies = re.findall(r"<<-POLICY\n(.*?)\n  POLICY", written, re.DOTALL)
    assert len([json.loads(body) for body in bodies]) == 7


@pytest.mark.django_db
def test_the_page_shows_the_external_id_to_who_sets_the_account_up(
    client: Client, cast: Cast
) -> None:
    place = build.account()
    past.version()
    url = f"/settings/accounts/{place.account.account_id}/roles/"
    client.force_login(cast.author)
    page = client.get(url).content.decode()
    assert place.account.external_id not in page
    assert "action/aws:ec2:stop-instances" in page
    assert client.post(f"/settings/accounts/{place.account.account_id}/check/").status_code == 403
    client.force_login(cast.lead)
    assert place.account.external_id in client.get(url).content.decode()
    assert "AWS::IAM::Role" in client.get(f"{url}?as=cloudformation").content.decode()
    assert "aws_iam_role" in client.get(f"{url}?as=terraform").content.decode()
    wrong = client.get(f"{url}?principal=somebody")
    assert wrong.status_code == 422
    assert "a role: arn:aws:iam" in wrong.content.decode()


@pytest.mark.django_db
def test_a_look_keeps_each_answer_with_its_age(
    client: Client, cast: Cast, simulator: Simulator
) -> None:
    place = build.account()
    place.account.stop_role_arn = f"{ROLE}/nobody"
    place.account.save(update_fields=["stop_role_arn"])
    client.force_login(cast.lead)
    answer = client.post(f"/settings/accounts/{place.account.account_id}/check/", follow=True)
    assert "1 of 3 roles do not work yet" in answer.content.decode()
    assert dict(RoleCheck.objects.values_list("purpose", "is_ok")) == {
        "read": True,
        "start": True,
        "stop": False,
    }
    client.post(f"/settings/accounts/{place.account.account_id}/check/")
    assert RoleCheck.objects.count() == 3
