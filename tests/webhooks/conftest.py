"""A receiver of our own, and an endpoint that leads to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from exercises.domain.webhooks import CHOOSABLE
from exercises.models import WebhookEndpoint
from exercises.models.due_work import claim
from exercises.services.send_webhooks import send_webhooks
from exercises.services.webhooks import add_endpoint
from tests.cast import Cast
from tests.https_server import HttpsServer, serving

HOST = "receiver.example.test"
ALL = [kind.value for kind in CHOOSABLE]


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[HttpsServer]:
    with serving(HOST, "/hooks/1?key=2", tmp_path) as server:
        yield server


@dataclass
class Hooked:
    """One endpoint of the team, its secret, and the worker that sends to it."""

    endpoint: WebhookEndpoint
    secret: str
    receiver: HttpsServer

    def send(self, **changes: Any) -> int:
        """What a worker does with every endpoint that is due; 0 when this one is not."""
        claimed = [e for e in claim(WebhookEndpoint.objects.with_mail()) if e == self.endpoint]
        if not claimed:
            return 0
        return send_webhooks(
            endpoint_id=self.endpoint.pk,
            fence=claimed[0].fence,
            reach=changes.get("reach", self.receiver.reach),
        )

    def fresh(self) -> WebhookEndpoint:
        return WebhookEndpoint.objects.get(pk=self.endpoint.pk)


@pytest.fixture
def hooked(cast: Cast, receiver: HttpsServer) -> Hooked:
    endpoint, secret = add_endpoint(
        actor=cast.actor("owner"), url=receiver.url, events=ALL, team=cast.team
    )
    return Hooked(endpoint, secret, receiver)
