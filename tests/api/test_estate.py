"""Accounts and applications are registered, read and changed through the API as on the pages."""

from __future__ import annotations

import pytest

from exercises.models import Application, CloudAccount
from tests import build
from tests.api.conftest import Caller
from tests.cast import Cast

pytestmark = pytest.mark.django_db

ROLE = "arn:aws:iam::999999999999:role/chaosplane"
QUEUE = "https://sqs.eu-central-1.amazonaws.com/999999999999/chaosplane-fis-events"
ACCOUNT = {
    "name": "shop-prod",
    "environment": "production",
    "read_role_arn": f"{ROLE}-read",
    "start_role_arn": f"{ROLE}-start",
    "stop_role_arn": f"{ROLE}-stop",
    "fis_role_arn": f"{ROLE}-fis",
    "regions": {"eu-central-1": {"az_ids": {"eu-central-1a": "euc1-az2"}}},
}


def test_an_account_is_registered_and_changed(cast: Cast, caller: Caller) -> None:
    client = caller("lead")
    made = client.post("/api/v1/accounts/", ACCOUNT | {"account_id": "999999999999"})
    assert made.status_code == 201, made.data
    assert made.data["external_id"] == CloudAccount.objects.get().external_id
    queue = {"eu-central-1": {"event_queue_url": QUEUE}, "eu-west-1": {}}
    url = "/api/v1/accounts/999999999999/"
    changed = client.put(url, ACCOUNT | {"name": "shop", "regions": queue})
    assert changed.status_code == 200, changed.data
    read = client.get(url).data
    assert read["name"] == "shop"
    assert {each["region"]: each["event_queue_url"] for each in read["regions"]} == {
        "eu-central-1": QUEUE,
        "eu-west-1": "",
    }


def test_a_wrong_account_names_every_field(cast: Cast, caller: Caller) -> None:
    wrong = ACCOUNT | {
        "account_id": "12(",
        "regions": {"eu-central-1": {"event_queue_url": "http://127.0.0.1/"}},
    }
    answer = caller("lead").post("/api/v1/accounts/", wrong)
    assert answer.status_code == 422
    fields = {each["field"] for each in answer.data["errors"]}
    assert {"account_id", "regions[eu-central-1].event_queue_url"} <= fields
    assert not CloudAccount.objects.exists()


def test_others_read_accounts_without_the_external_id_and_change_nothing(
    cast: Cast, caller: Caller
) -> None:
    build.account()
    client = caller("owner")
    (listed,) = client.get("/api/v1/accounts/").data["results"]
    assert (listed["account_id"], listed["external_id"]) == ("111111111111", "")
    assert client.put("/api/v1/accounts/111111111111/", ACCOUNT).status_code == 403
    new = ACCOUNT | {"account_id": "999999999999"}
    assert client.post("/api/v1/accounts/", new).status_code == 403


def test_an_application_is_registered_and_changed(cast: Cast, caller: Caller) -> None:
    client = caller("owner")
    sent = {"slug": "shop", "name": "Shop", "team": cast.team.slug, "tier": 1}
    assert client.post("/api/v1/applications/", sent).status_code == 201
    change = {"name": "Web shop", "team": cast.team.slug, "tier": 3}
    assert client.put("/api/v1/applications/shop/", change).data["name"] == "Web shop"
    assert Application.objects.get().tier == 3
    over = client.put("/api/v1/applications/shop/", change | {"team": cast.other_team.slug})
    assert over.status_code == 403, "who hands it over must own both teams"
    assert caller("author").put("/api/v1/applications/shop/", change).status_code == 403
    assert client.put("/api/v1/applications/shop/", change | {"tier": 9}).status_code == 422
    handed = caller("lead").put(
        "/api/v1/applications/shop/", change | {"team": cast.other_team.slug}
    )
    assert handed.data["team"] == cast.other_team.slug


def test_an_application_is_read_with_where_it_runs(cast: Cast, caller: Caller) -> None:
    build.deployment(cast)
    read = caller("author").get("/api/v1/applications/mqtt-broker/").data
    assert [each["account_id"] for each in read["deployments"]] == ["111111111111"]
