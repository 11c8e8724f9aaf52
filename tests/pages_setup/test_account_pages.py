"""Setting up AWS accounts: who may, what is refused and where, and what the last look said."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from exercises.models import AccountRegion, CloudAccount
from exercises.models.due_work import database_now
from tests import build
from tests.cast import Cast

pytestmark = pytest.mark.django_db

LIST = "/settings/accounts/"
ROLE = "arn:aws:iam::999999999999:role/chaosplane"


def account(**changes: str) -> dict[str, str]:
    return {
        "name": "shop-prod",
        "account_id": "999999999999",
        "environment": "production",
        "team": "",
        "read_role_arn": f"{ROLE}-read",
        "start_role_arn": f"{ROLE}-start",
        "stop_role_arn": f"{ROLE}-stop",
        "fis_role_arn": f"{ROLE}-fis",
        "regions": "eu-central-1: eu-central-1a=euc1-az2, eu-central-1b\neu-west-1",
    } | changes


def test_a_programme_lead_registers_an_account(client: Client, cast: Cast) -> None:
    client.force_login(cast.lead)
    assert client.get(f"{LIST}new/").status_code == 200
    answer = client.post(f"{LIST}new/", account())
    assert answer["Location"] == f"{LIST}999999999999/"
    found = CloudAccount.objects.get()
    places = {place.region: place for place in found.regions.all()}
    assert places["eu-central-1"].az_ids == {"eu-central-1a": "euc1-az2", "eu-central-1b": ""}
    assert places["eu-west-1"].az_ids == {}
    page = client.get(f"{LIST}999999999999/").content.decode()
    assert found.external_id in page
    assert "not looked at yet" in page


def test_a_new_account_is_looked_at_at_once(client: Client, cast: Cast) -> None:
    client.force_login(cast.lead)
    client.post(f"{LIST}new/", account())
    assert AccountRegion.objects.filter(due_at__lte=database_now()).count() == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"account_id": "12345"}, "exactly 12 digits"),
        ({"account_id": "111111111111"}, "registered already"),
        ({"name": "account-111"}, "is taken"),
        ({"environment": "moon"}, "Select a valid choice"),
        ({"read_role_arn": "chaosplane-read"}, "an IAM role ARN"),
        ({"stop_role_arn": ROLE.replace("9", "8")}, "belongs to account 888888888888"),
        ({"regions": ""}, "required"),
        ({"regions": "Frankfurt"}, "is not a Region name"),
        ({"regions": "eu-central-1: us-east-1a"}, "is not an Availability Zone"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_stays(
    client: Client, cast: Cast, change: dict[str, str], said: str
) -> None:
    build.account()
    client.force_login(cast.lead)
    answer = client.post(f"{LIST}new/", account(**change))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert f"{ROLE}-start" in answer.content.decode()
    assert CloudAccount.objects.count() == 1


@pytest.mark.parametrize("name", ["owner", "author", "auditor"])
def test_others_see_accounts_without_the_external_id(client: Client, cast: Cast, name: str) -> None:
    place = build.account()
    client.force_login(getattr(cast, name))
    assert "Register account" not in client.get(LIST).content.decode()
    page = client.get(f"{LIST}{place.account.account_id}/").content.decode()
    assert place.account.read_role_arn in page
    assert place.account.external_id not in page
    assert client.get(f"{LIST}new/").status_code == 403
    assert client.post(f"{LIST}new/", account()).status_code == 403
    assert CloudAccount.objects.count() == 1


def test_a_region_that_cannot_be_looked_at_says_why(client: Client, cast: Cast) -> None:
    place = build.account()
    AccountRegion.objects.filter(pk=place.pk).update(scan_problem="AccessDenied: not authorized")
    client.force_login(cast.author)
    for url in (LIST, f"{LIST}{place.account.account_id}/"):
        page = client.get(url).content.decode()
        assert "cannot be looked at" in page
        assert "AccessDenied: not authorized" in page


def test_the_list_asks_as_much_for_one_as_for_many(client: Client, cast: Cast) -> None:
    client.force_login(cast.lead)
    build.account()
    few = _queries(client)
    for number in range(2, 10):
        build.account(f"{number}" * 11 + "5", "dev")
    assert _queries(client) == few


def _queries(client: Client) -> int:
    with CaptureQueriesContext(connection) as found:
        assert client.get(LIST).status_code == 200
    return len(found)
