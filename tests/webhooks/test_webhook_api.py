"""All of it through the API: a secret is said once, a log is read, what failed is sent again."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from exercises.models import KeptAnswer, WebhookDelivery, WebhookEndpoint
from exercises.services.tokens import issue_token
from tests.cast import Cast

pytestmark = pytest.mark.django_db
WANTED = {
    "url": "https://receiver.example.test/hooks",
    "events": ["run.judged", "finding.accepted"],
    "team": "vehicle-telemetry",
}


def _client(cast: Cast, who: str = "owner") -> APIClient:
    _, secret = issue_token(actor=cast.actor(who), name="t", scopes=["read", "write"], days=1)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


def _added(client: APIClient, **more: Any) -> Any:
    answer = client.post("/api/v1/webhooks/", WANTED | more, format="json")
    assert answer.status_code == 201, answer.data
    return answer.json()


def test_a_secret_is_in_the_answer_that_makes_it_and_in_no_other(cast: Cast) -> None:
    client = _client(cast)
    made = _added(client)
    assert made["secret"].startswith("whsec_")
    assert "secret" not in client.get(f"/api/v1/webhooks/{made['id']}/").json()
    again = client.post(f"/api/v1/webhooks/{made['id']}/rotate/").json()
    assert again["secret"] not in ("", made["secret"])
    assert again["old_secret_until"]


def test_an_answer_kept_for_a_key_keeps_no_secret(cast: Cast) -> None:
    client = _client(cast)
    first = client.post(
        "/api/v1/webhooks/", WANTED, format="json", headers={"Idempotency-Key": "k"}
    )
    again = client.post(
        "/api/v1/webhooks/", WANTED, format="json", headers={"Idempotency-Key": "k"}
    )
    assert first.json()["secret"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert first.json() == again.json() | {"secret": first.json()["secret"]}
    assert "whsec_" not in str(KeptAnswer.objects.get().body)
    assert WebhookEndpoint.objects.count() == 1


def test_it_is_changed_tested_switched_and_removed(cast: Cast) -> None:
    client = _client(cast)
    one = f"/api/v1/webhooks/{_added(client)['id']}/"
    changed = client.put(one, {"url": WANTED["url"], "events": ["run.ended"]}, format="json").json()
    assert changed["events"] == ["run.ended"]
    sent = client.post(f"{one}test/").json()
    assert (sent["kind"], sent["state"]) == ("webhook.test", "waiting")
    assert client.post(f"{one}switch/", {"on": False}, format="json").json()["is_active"] is False
    assert client.post(f"{one}test/").status_code == 409
    assert client.delete(one).status_code == 204
    assert client.get(one).status_code == 404


def test_what_was_not_delivered_is_read_and_sent_again(cast: Cast) -> None:
    client = _client(cast)
    made = _added(client)
    sent = client.post(f"/api/v1/webhooks/{made['id']}/test/").json()
    WebhookDelivery.objects.update(state="failed", status=503, answer="busy", error="it answered")
    listed = client.get("/api/v1/webhook-deliveries/?state=failed").json()["results"]
    assert [(row["id"], row["status"], row["answer"]) for row in listed] == [
        (sent["id"], 503, "busy")
    ]
    assert listed[0]["body"]["type"] == "chaosplane.webhook.test"
    again = client.post(f"/api/v1/webhook-deliveries/{sent['id']}/replay/")
    assert (again.status_code, again.json()["state"]) == (202, "waiting")


def test_others_see_and_change_nothing_of_it(cast: Cast) -> None:
    made = _added(_client(cast))
    other = _client(cast, "outsider")
    assert other.get("/api/v1/webhooks/").json()["results"] == []
    assert other.get(f"/api/v1/webhooks/{made['id']}/").status_code == 404
    assert other.post("/api/v1/webhooks/", WANTED, format="json").status_code == 403


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"url": "http://a.example.test/"}, "url"),
        ({"url": "https://10.0.0.1/"}, "url"),
        ({"events": ["run.exploded"]}, "events"),
        ({"events": []}, "events"),
        ({"team": "nobody"}, "team"),
        ({"secret": "whsec_mine"}, "secret"),
    ],
)
def test_bad_input_is_named_by_its_field(cast: Cast, changes: dict[str, Any], field: str) -> None:
    answer = _client(cast).post("/api/v1/webhooks/", WANTED | changes, format="json")
    assert answer.status_code in (400, 422)
    assert field in str(answer.json()["errors"])
