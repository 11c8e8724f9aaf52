"""Setting up AWS accounts: who may, what is refused and where, and what the last look said."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from exercises.models import AccountRegion, AuditEntry, CloudAccount
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


ALARM = "arn:aws:cloudwatch:eu-central-1:111111111111:alarm:chaosplane-heartbeat"
QUEUE = "https://sqs.eu-central-1.amazonaws.com/111111111111/chaosplane-fis-events"


def edited(**changes: str) -> dict[str, str]:
    """What the page to edit would send."""
    sent = account(regions="") | {
        f"{role}_role_arn": f"arn:aws:iam::111111111111:role/{role}"
        for role in ("read", "start", "stop", "fis")
    }
    del sent["account_id"]
    region = {
        "eu-central-1-az_ids": "eu-central-1a=euc1-az2, eu-central-1b",
        "eu-central-1-heartbeat_alarm_arn": ALARM,
        "eu-central-1-event_queue_url": QUEUE,
    }
    return sent | region | changes


def test_a_programme_lead_changes_an_account_and_adds_a_region(client: Client, cast: Cast) -> None:
    place = build.account()
    AccountRegion.objects.update(due_at=None)
    client.force_login(cast.lead)
    page = client.get(f"{LIST}111111111111/edit/").content.decode()
    assert place.account.read_role_arn in page
    answer = client.post(f"{LIST}111111111111/edit/", edited(regions="eu-west-1: eu-west-1a"))
    assert answer.status_code == 302, answer.content.decode()
    found = CloudAccount.objects.get()
    assert (found.name, found.read_role_arn) == ("shop-prod", "arn:aws:iam::111111111111:role/read")
    assert found.external_id == place.account.external_id
    places = {place.region: place for place in found.regions.all()}
    assert places["eu-west-1"].az_ids == {"eu-west-1a": ""}
    here = places["eu-central-1"]
    assert here.az_ids == {"eu-central-1a": "euc1-az2", "eu-central-1b": ""}
    assert (here.heartbeat_alarm_arn, here.event_queue_url) == (ALARM, QUEUE)
    assert all(each.due_at for each in places.values()), "each is looked at again"
    entry = AuditEntry.objects.get(action="account.change")
    assert entry.details["before"]["name"] == "account-111"
    again = client.get(f"{LIST}111111111111/edit/").content.decode()
    assert QUEUE in again
    assert "eu-central-1a=euc1-az2, eu-central-1b" in again


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": ""}, "required"),
        ({"stop_role_arn": ROLE}, "belongs to account 999999999999"),
        ({"regions": "Frankfurt"}, "is not a Region name"),
        ({"regions": "eu-west-1: us-east-1a"}, "is not an Availability Zone of eu-west-1"),
        ({"eu-central-1-az_ids": "eu-west-1a"}, "is not an Availability Zone of eu-central-1"),
        (
            {"eu-central-1-heartbeat_alarm_arn": ALARM.replace("eu-central", "eu-west")},
            "a CloudWatch alarm ARN of 111111111111 in eu-central-1",
        ),
        ({"eu-central-1-event_queue_url": "http://169.254.169.254/"}, "name of a standard queue"),
        (
            {"eu-central-1-event_queue_url": QUEUE.replace("111111111111", "222222222222")},
            "name of a standard queue",
        ),
    ],
)
def test_what_cannot_be_changed_so_is_said_and_nothing_is_saved(
    client: Client, cast: Cast, change: dict[str, str], said: str
) -> None:
    place = build.account()
    client.force_login(cast.lead)
    answer = client.post(f"{LIST}111111111111/edit/", edited(**change))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert CloudAccount.objects.get().name == place.account.name
    assert not AccountRegion.objects.exclude(event_queue_url="").exists()


@pytest.mark.parametrize("name", ["owner", "author", "auditor"])
def test_others_do_not_change_an_account(client: Client, cast: Cast, name: str) -> None:
    build.account()
    client.force_login(getattr(cast, name))
    assert client.get(f"{LIST}111111111111/edit/").status_code == 403
    assert client.post(f"{LIST}111111111111/edit/", edited()).status_code == 403
    assert CloudAccount.objects.get().name == "account-111"
