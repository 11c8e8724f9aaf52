"""An account is asked which of its resources the scenarios of a zone would find."""

from __future__ import annotations

import pytest
from django.test import Client

from exercises.domain.az_power import az_power
from exercises.domain.az_readiness import MOST_AT_ONCE, WANTED, Found, commands_for, readiness_of
from exercises.models import AccountRegion
from tests.api.conftest import Caller, caller
from tests.cast import Cast

__all__ = ["caller"]

pytestmark = pytest.mark.django_db
INSTANCES = WANTED[0]
REGION = "eu-central-1"


def instance(number: int, zone: str = "a", *, is_tagged: bool = True) -> Found:
    tags = {INSTANCES.key: INSTANCES.value} if is_tagged else {}
    arn = f"arn:aws:ec2:{REGION}:111111111111:instance/i-{number:03}"
    return Found(arn, f"{REGION}{zone}", f"broker-{number}", tags)


def test_zones_are_counted_by_their_physical_id() -> None:
    row = readiness_of(
        INSTANCES,
        [instance(1), instance(2), instance(3, "b"), instance(4, "b", is_tagged=False)],
        region=REGION,
        zone_ids={f"{REGION}a": "euc1-az2", f"{REGION}b": "euc1-az3"},
        sees_all=True,
    )
    assert row.by_zone == {"euc1-az2": 2, "euc1-az3": 1}
    assert (row.state, row.tagged, [each.label for each in row.untagged or ()]) == (
        "partly", 3, ["broker-4"],
    )  # fmt: skip
    assert row.commands == (
        (
            "aws resourcegroupstaggingapi tag-resources --region eu-central-1 --tags"
            " AzImpairmentPower=StopInstances --resource-arn-list"
            " arn:aws:ec2:eu-central-1:111111111111:instance/i-004"
        ),
    )


def test_what_only_tags_show_is_never_called_untagged() -> None:
    row = readiness_of(INSTANCES, [], region=REGION, zone_ids={}, sees_all=False)
    assert (row.state, row.untagged, row.commands) == ("none", None, ())


def test_a_command_tags_as_many_as_aws_takes_at_once() -> None:
    arns = [instance(number).arn for number in range(MOST_AT_ONCE + 1)]
    commands = commands_for(INSTANCES, arns, region=REGION)
    assert [command.count("arn:aws") for command in commands] == [MOST_AT_ONCE, 1]


def test_every_tag_of_the_power_interruption_is_looked_for() -> None:
    body = az_power(
        az=f"{REGION}a",
        outage_min=20,
        recovery_min=5,
        network_min=2,
        fis_role_arn="",
        alarm_arns=(),
    )
    targets = body["targets"]
    assert isinstance(targets, dict)
    selected = {
        (target["resourceType"], *tag)
        for target in targets.values()
        for tag in target["resourceTags"].items()
    }
    known = {(each.resource_type, each.key, each.value) for each in WANTED}
    # Instances of groups stop with their group's tag; zonal shift cannot be seen from here.
    assert {kind for kind, *_ in selected - known} == {
        "aws:ec2:instance", "aws:arc:zonal-shift-managed-resource",
    }  # fmt: skip


def test_the_page_and_the_api_say_the_same_of_the_account(
    place: AccountRegion, cast: Cast, client: Client, caller: Caller
) -> None:
    account = place.account.account_id
    rows = caller("owner").get(f"/api/v1/accounts/{account}/az-readiness/?region={REGION}").json()
    instances = next(row for row in rows if row["tag_value"] == "StopInstances")
    assert (instances["state"], instances["tagged"], instances["untagged"]) == ("ready", 15, [])
    assert sum(instances["by_zone"].values()) == 15
    assert all("-az" in zone for zone in instances["by_zone"])
    slow = next(row for row in rows if row["tag_value"] == "LatencyForEC2")
    assert (slow["state"], len(slow["untagged"])) == ("none", 15)

    client.force_login(cast.owner)
    page = client.get(f"/settings/accounts/{account}/az-readiness/?region={REGION}")
    text = page.content.decode()
    assert page.status_code == 200
    assert "15, all carry the tag" in text
    assert "AZApplicationSlowdown=LatencyForEC2" in text


def test_a_region_that_the_account_has_not_is_refused_by_name(
    place: AccountRegion, cast: Cast, client: Client, caller: Caller
) -> None:
    account = place.account.account_id
    answer = caller("owner").get(f"/api/v1/accounts/{account}/az-readiness/?region=eu-west-9")
    assert answer.status_code == 422
    assert "region" in {error["field"] for error in answer.json()["errors"]}
    client.force_login(cast.owner)
    page = client.get(f"/settings/accounts/{account}/az-readiness/?region=eu-west-9")
    assert page.status_code == 422
    assert "one of this account&#x27;s" in page.content.decode()
    client.force_login(cast.author)
    assert client.get(f"/settings/accounts/{account}/az-readiness/").status_code == 403
