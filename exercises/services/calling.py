"""One signed call to a webhook endpoint. send_webhooks and start_hooks call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from exercises.channels.safe_fetch import Answered, Reach, post
from exercises.channels.sealed import unseal
from exercises.domain.webhooks import body_of, signed_headers
from exercises.models import WebhookEndpoint


@dataclass(frozen=True, slots=True)
class Call:
    """What is sent where: made with the database, carried out without it."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    seconds: float

    def __call__(self, reach: Reach | None = None) -> Answered:
        """Raises Invalid (not allowed, too large) and EngineError (not reached, too slow)."""
        return post(self.url, self.body, self.headers, seconds=self.seconds, reach=reach)


def call_of(
    endpoint: WebhookEndpoint,
    document: Mapping[str, object],
    *,
    message_id: str,
    now: datetime,
    seconds: float,
) -> Call:
    """Signed with every secret that holds. Raises Invalid when one cannot be read any more."""
    body = body_of(document)
    signed = signed_headers(_secrets(endpoint, now), message_id=message_id, at=now, body=body)
    headers = {"Content-Type": "application/cloudevents+json; charset=utf-8", **signed}
    return Call(endpoint.url, headers, body, seconds)


def _secrets(endpoint: WebhookEndpoint, now: datetime) -> list[str]:
    sealed = [endpoint.secret]
    if endpoint.old_secret and endpoint.old_secret_until and now < endpoint.old_secret_until:
        sealed.append(endpoint.old_secret)
    return [unseal(each) for each in sealed]
