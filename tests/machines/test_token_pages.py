"""Tokens of teams on the page and through the API: whose they are, who ends them, shown once."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from exercises.models import ApiToken, KeptAnswer, User
from exercises.services.tokens import issue_token, suspend_service
from tests.cast import Cast

pytestmark = pytest.mark.django_db

PAGE = "/settings/tokens/"
FORM = {"name": "Nightly build", "scopes": ["read"], "days": "30", "acts_as": "vehicle-telemetry"}
BODY = {"name": "pipeline", "scopes": ["read"], "days": 1, "team": "vehicle-telemetry"}


def _api(cast: Cast, who: str = "owner", *scopes: str) -> APIClient:
    _, secret = issue_token(
        actor=cast.actor(who), name="own", scopes=list(scopes or ("read", "write")), days=2
    )
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


def test_an_owner_has_a_token_made_for_the_team_and_another_owner_ends_it(
    client: Client, cast: Cast
) -> None:
    client.force_login(cast.owner)
    shown = client.post(PAGE, FORM)
    assert re.search(r"cpl_[\w-]{40,}", shown.content.decode())
    token = ApiToken.objects.get()
    assert token.user == User.accounts.service_of(cast.team)
    assert token.issued_by == cast.owner
    cast.team.memberships.filter(user=cast.author).update(role="owner")
    client.force_login(cast.author)
    assert "issued by Team owner" in client.get(PAGE).content.decode()
    client.post(f"{PAGE}{token.pk}/revoke/")
    token.refresh_from_db()
    assert token.revoked_at is not None


def test_who_owns_no_team_sees_and_issues_none(client: Client, cast: Cast) -> None:
    issue_token(
        actor=cast.actor("owner"), name="of others", scopes=["read"], days=1, team=cast.team
    )
    client.force_login(cast.operator)
    assert "of others" not in client.get(PAGE).content.decode()
    assert client.post(PAGE, FORM).status_code == 422
    assert ApiToken.objects.count() == 1


def test_a_suspended_service_is_shown_and_an_owner_lets_it_act_again(
    client: Client, cast: Cast
) -> None:
    client.force_login(cast.owner)
    client.post(PAGE, FORM)
    suspended = client.post("/settings/services/vehicle-telemetry/", follow=True)
    assert "Let it act again" in suspended.content.decode()
    refused = client.post(PAGE, FORM)
    assert refused.status_code == 422
    assert "let it act again first" in refused.content.decode()
    client.force_login(cast.lead)
    assert client.post("/settings/services/vehicle-telemetry/", {"on": "1"}).status_code == 403
    client.force_login(cast.owner)
    client.post("/settings/services/vehicle-telemetry/", {"on": "1"})
    assert User.accounts.service_of(cast.team).is_active


def test_the_page_asks_as_often_for_many_teams_as_for_one(
    client: Client, cast: Cast, django_assert_max_num_queries: Any
) -> None:
    issue_token(actor=cast.actor("owner"), name="one", scopes=["read"], days=1, team=cast.team)
    client.force_login(cast.lead)
    with django_assert_max_num_queries(40) as few:
        client.get(PAGE)
    cast.other_team.memberships.update(role="owner")
    for _ in range(3):
        issue_token(
            actor=cast.actor("outsider"), name="x", scopes=["read"], days=1, team=cast.other_team
        )
    with django_assert_max_num_queries(len(few)):
        client.get(PAGE)


def test_through_the_api_the_secret_is_said_once(cast: Cast) -> None:
    client = _api(cast)
    made = client.post("/api/v1/tokens/", BODY, headers={"Idempotency-Key": "k"}).json()
    again = client.post("/api/v1/tokens/", BODY, headers={"Idempotency-Key": "k"}).json()
    assert made == again | {"secret": made["secret"]}
    assert (made["team"], made["issued_by"]) == ("vehicle-telemetry", "Team owner")
    assert "cpl_" not in str(KeptAnswer.objects.get().body).replace(made["prefix"], "")
    listed = client.get("/api/v1/tokens/?team=vehicle-telemetry").json()["results"]
    assert [row["id"] for row in listed] == [made["id"]]
    assert client.post(f"/api/v1/tokens/{made['id']}/revoke/").json()["revoked_at"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"days": 367}, "days"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["incidents"]}, "scopes"),
        ({"scopes": ["stop"]}, "scopes"),
        ({"days": 9}, "days"),
        ({"team": "nobody"}, "team"),
        ({"owner": "me"}, "owner"),
    ],
)
def test_the_api_names_the_field_that_is_wrong(
    cast: Cast, change: dict[str, Any], field: str
) -> None:
    answer = _api(cast).post("/api/v1/tokens/", BODY | change, format="json")
    assert answer.status_code == 422
    assert [row["field"].split("[")[0] for row in answer.json()["errors"]] == [field]


def test_a_token_that_only_reads_makes_and_ends_none(cast: Cast) -> None:
    client = _api(cast, "owner", "read")
    own = ApiToken.objects.get()
    assert client.post("/api/v1/tokens/", BODY).status_code == 403
    assert client.post(f"/api/v1/tokens/{own.pk}/revoke/").status_code == 403


def test_the_services_of_teams_are_suspended_through_the_api(cast: Cast) -> None:
    client = _api(cast)
    client.post("/api/v1/tokens/", BODY)
    address = "/api/v1/services/vehicle-telemetry/"
    assert client.get(address).json() == {
        "team": "vehicle-telemetry",
        "name": "Service of Vehicle Telemetry",
        "is_active": True,
        "tokens": 1,
    }
    assert client.post(f"{address}suspend/").json()["is_active"] is False
    assert client.get(address).json()["tokens"] == 0
    assert client.post(f"{address}resume/").json()["is_active"] is True
    suspend_service(actor=cast.actor("lead"), team=cast.team)
    assert _api(cast, "author").get("/api/v1/services/").json()["results"] == []
