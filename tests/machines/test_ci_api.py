"""The API takes the token of a CI job as it takes one of ours, for the service of a team."""

from __future__ import annotations

import logging
import secrets
from typing import Any

import pytest
from rest_framework.test import APIClient

from exercises.api import throttling
from exercises.models import Decision, KeptAnswer, OidcIssuer
from tests import build
from tests.cast import Cast
from tests.machines.conftest import Ci

pytestmark = pytest.mark.django_db


def _client(token: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def test_a_job_reads_and_stops_as_the_service_of_its_team(
    cast: Cast, ci: Ci, issuer: OidcIssuer
) -> None:
    _, run = build.live(cast)
    client = _client(ci.token())
    me = client.get("/api/v1/me/").json()
    assert (me["name"], me["is_service"]) == ("Service of Vehicle Telemetry", True)
    assert me["teams"] == {"vehicle-telemetry": "member"}
    assert client.get("/api/v1/runs/").status_code == 200
    assert client.post(f"/api/v1/runs/{run.pk}/stop/", {"reason": "ci"}).status_code == 200


def test_a_refused_token_is_a_problem_document_that_names_the_claim(
    ci: Ci, issuer: OidcIssuer
) -> None:
    answer = _client(ci.token(iss="https://other.example.test")).get("/api/v1/me/")
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["code"] == "token_refused"
    assert answer.json()["errors"] == [
        {"field": "iss", "problem": "“https://other.example.test” is not configured here"}
    ]


def test_keys_that_cannot_be_read_are_no_fault_of_the_job(ci: Ci, issuer: OidcIssuer) -> None:
    OidcIssuer.objects.filter(pk=issuer.pk).update(keys=[], keys_read_at=None)
    answer = _client(ci.token()).get("/api/v1/me/")
    assert (answer.status_code, answer.json()["code"]) == (503, "keys_unread")


def test_a_job_never_decides_releases_or_makes_tokens(
    cast: Cast, ci: Ci, issuer: OidcIssuer
) -> None:
    experiment = build.proposed(cast, build.exercise(cast))
    client = _client(ci.token())
    assert experiment.revision is not None
    word = {"verdict": "approve", "digest": experiment.revision.digest}
    for address in (f"/approvals/EXP-{experiment.pk}/", "/stop/levers/1/release/"):
        assert "sign-in" in client.post(address, word)["Location"]
    body = {"name": "more", "scopes": ["read"], "days": 1}
    assert client.post("/api/v1/tokens/", body).status_code == 403
    assert client.post("/api/v1/tokens/", body | {"team": "vehicle-telemetry"}).status_code == 403
    assert not Decision.objects.exists()


def test_its_requests_are_counted_with_those_of_its_team_s_other_jobs(
    ci: Ci, issuer: OidcIssuer, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = secrets.randbelow(10**9) * throttling.WINDOW_S
    monkeypatch.setattr(throttling, "_now", lambda: began + 20.0)
    monkeypatch.setattr(throttling, "_quiet_until", 0.0)
    settings.CHAOSPLANE_API_RATE = 2
    codes = [_client(ci.token()).get("/api/v1/me/").status_code for _ in range(3)]
    assert codes == [200, 200, 429]


def test_a_key_of_an_earlier_job_is_answered_and_not_carried_out_again(
    cast: Cast, ci: Ci, issuer: OidcIssuer
) -> None:
    finding = {"title": "Retries have no limit", "exercise": "none", "application": "none"}
    key = {"Idempotency-Key": "job 7".replace(" ", "-")}
    first = _client(ci.token()).post("/api/v1/findings/", finding, headers=key)
    again = _client(ci.token(jti="2")).post("/api/v1/findings/", finding, headers=key)
    assert first.status_code == again.status_code == 422
    assert again.headers["Idempotency-Replayed"] == "true"
    assert KeptAnswer.objects.count() == 1


def test_no_part_of_a_token_is_logged(
    ci: Ci, issuer: OidcIssuer, caplog: pytest.LogCaptureFixture
) -> None:
    good, bad = ci.token(), ci.token(repository="org/other")
    with caplog.at_level(logging.DEBUG):
        _client(good).get("/api/v1/me/")
        _client(bad).get("/api/v1/me/")
    said = "\n".join(str(vars(record)) for record in caplog.records)
    assert "repo:org/app" in said
    for token in (good, bad):
        assert not any(part in said for part in token.split("."))
