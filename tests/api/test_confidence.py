"""The API says how far an application is; a person's word stays on the page."""

from __future__ import annotations

import pytest

from exercises.services.mentoring import sign_off
from tests import build, past
from tests.api.conftest import Caller
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def test_the_ladder_the_stage_and_the_objectives_of_an_application(
    cast: Cast, caller: Caller
) -> None:
    where, what = past.application(cast.team, "ingest"), past.version()
    for _ in range(2):
        past.run(cast, where, what, environment="pre-production")
    client = caller("owner")
    (ladder,) = client.get("/api/v1/applications/ingest/ladder/").json()
    assert (ladder["family"], ladder["level"], ladder["needs_sign_off"]) == (
        "instance-loss",
        2,
        True,
    )
    assert ladder["steps"][3]["missing"] == ["a mentor's sign-off for the first run in production"]
    assert client.get("/api/v1/applications/ingest/lifecycle/").json()["stage"] == 1
    url = "/api/v1/applications/ingest/objectives/"
    sent = {"slo_percent": 99.9, "rto_s": 300, "rpo_s": 0}
    wrong = client.put(url, sent | {"slo_percent": 100}, format="json")
    assert wrong.status_code == 422
    assert client.put(url, sent, format="json").json() == sent
    assert client.get("/api/v1/applications/ingest/lifecycle/").json()["stage"] == 2
    assert caller("author").put(url, sent, format="json").status_code == 403
    assert client.get("/api/v1/applications/nothing/ladder/").status_code == 404


def test_sign_offs_are_read_and_not_made(cast: Cast, caller: Caller) -> None:
    what, mentor = past.version(), past.application(cast.other_team, "sessions")
    where = past.application(cast.team, "mqtt-broker")
    for _ in range(2):
        past.run(cast, where, what, environment="pre-production")
        past.run(cast, mentor, what)
    experiment = build.proposed(cast, deployment=past.deployed(where), template_version=what)
    assert experiment.revision
    sign_off(
        actor=cast.actor("outsider"),
        experiment=experiment,
        digest_seen=experiment.revision.digest,
    )
    client = caller("auditor")
    (signed,) = client.get("/api/v1/sign-offs/?application=mqtt-broker").json()["results"]
    assert (signed["mentor"], signed["mentor_team"]) == ("Outsider", "charging")
    assert client.post("/api/v1/sign-offs/", {}).status_code == 405
    assert client.get("/api/v1/overrides/?family=other").json()["results"] == []


def test_whose_turn_it_is(cast: Cast, caller: Caller) -> None:
    past.version()
    past.deployed(past.application(cast.team, "ingest"))
    exercise = build.exercise(cast)
    (found,) = caller("lead").get(f"/api/v1/exercises/{exercise.slug}/rotation/").json()
    assert found == {
        "application": "ingest",
        "team": "vehicle-telemetry",
        "debt": 36,
        "sum": "3 × (12) = 36",
        "reason": "instance loss never",
    }


def test_the_policies_of_an_account(cast: Cast, caller: Caller) -> None:
    account = build.account().account
    url = f"/api/v1/accounts/{account.account_id}/policies/"
    principal = "arn:aws:iam::222222222222:role/chaosplane-runtime"
    found = caller("lead").get(url, {"principal": principal}).json()
    assert found["trust"]["Statement"][0]["Principal"] == {"AWS": principal}
    assert account.external_id in found["terraform"]
    assert [role["purpose"] for role in found["roles"]] == ["read", "start", "stop"]
    assert account.external_id not in caller("author").get(url, {"principal": principal}).text
    assert caller("lead").get(url, {"principal": "me"}).status_code == 422
