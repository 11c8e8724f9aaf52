"""The pages of webhooks: add one, see its secret once, read its log, send again."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from exercises.models import WebhookDelivery, WebhookEndpoint
from exercises.services.webhooks import add_endpoint, try_endpoint
from tests.cast import Cast

pytestmark = pytest.mark.django_db
URL = "https://receiver.example.test/hooks/1"


def _signed_in(cast: Cast, who: str = "owner") -> Client:
    client = Client()
    client.force_login(getattr(cast, who))
    return client


def _endpoint(cast: Cast) -> WebhookEndpoint:
    return add_endpoint(actor=cast.actor("owner"), url=URL, events=["run.ended"], team=cast.team)[0]


def test_the_secret_is_shown_once(cast: Cast) -> None:
    client = _signed_in(cast)
    wanted = {"owner": "vehicle-telemetry", "url": URL, "events": ["run.ended"]}
    assert "whsec_" in client.post("/settings/webhooks/", wanted).content.decode()
    assert "whsec_" not in client.get("/settings/webhooks/").content.decode()
    page = f"/settings/webhooks/{WebhookEndpoint.objects.get().pk}/"
    assert "whsec_" in client.post(f"{page}rotate/").content.decode()
    assert "whsec_" not in client.get(page).content.decode()


def test_what_is_wrong_stands_at_its_field(cast: Cast) -> None:
    wanted = {"owner": "vehicle-telemetry", "url": "https://127.0.0.1/", "events": ["run.ended"]}
    answer = _signed_in(cast).post("/settings/webhooks/", wanted)
    assert answer.status_code == 422
    assert "not on the public internet" in answer.content.decode()
    assert not WebhookEndpoint.objects.exists()


def test_a_failed_delivery_shows_its_answer_and_is_sent_again(cast: Cast) -> None:
    client, endpoint = _signed_in(cast), _endpoint(cast)
    delivery = try_endpoint(actor=cast.actor("owner"), endpoint=endpoint)
    WebhookDelivery.objects.update(state="failed", status=503, answer="<busy>", error="it said 503")
    assert "it said 503" in client.get(f"/settings/webhooks/{endpoint.pk}/").content.decode()
    page = client.get(f"/settings/webhooks/deliveries/{delivery.pk}/").content.decode()
    assert "&lt;busy&gt;" in page
    assert "chaosplane.webhook.test" in page
    client.post(f"/settings/webhooks/deliveries/{delivery.pk}/again/")
    delivery.refresh_from_db()
    assert delivery.state == "waiting"


def test_who_owns_no_team_is_offered_no_form(cast: Cast) -> None:
    _endpoint(cast)
    page = _signed_in(cast, "author").get("/settings/webhooks/").content.decode()
    assert "New webhook" not in page
    assert "receiver.example.test" not in page


def test_a_list_of_many_takes_as_many_queries_as_one(
    cast: Cast, django_assert_max_num_queries: Any
) -> None:
    client = _signed_in(cast)
    _endpoint(cast)
    client.get("/settings/webhooks/")
    with django_assert_max_num_queries(40) as of_one:
        client.get("/settings/webhooks/")
    for _ in range(5):
        _endpoint(cast)
    with django_assert_max_num_queries(len(of_one)):
        client.get("/settings/webhooks/")
