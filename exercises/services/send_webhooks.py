"""Send what waits for one endpoint, one event after the other, and write down each answer.

Called by a worker with a claimed endpoint. An event is sent at least once: a process that dies
between the answer and its own commit sends it again, with the same id. What failed is tried
for three days, then the endpoint is switched off and who answers for it is told.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.db import transaction

from exercises.channels.safe_fetch import Answered, Reach
from exercises.domain.capacities import TeamRole
from exercises.domain.delivery_times import has_failed_for_long
from exercises.domain.errors import EngineError, Invalid
from exercises.domain.notices import Topic
from exercises.domain.webhooks import MOST_TRIES, excerpt, next_try
from exercises.models import Membership, WebhookDelivery, WebhookEndpoint
from exercises.models.due_work import database_now, kept
from exercises.services.calling import call_of
from exercises.services.notify import tell

log = logging.getLogger(__name__)

_DICE: Final = secrets.SystemRandom()
MOST_AT_ONCE: Final = 20
PATIENCE_S: Final = 10.0
GONE: Final = 410
"""An endpoint that says so wants no more (Standard Webhooks, "Response")."""


def send_webhooks(*, endpoint_id: int, fence: int, reach: Reach | None = None) -> int:
    """Send what is due to one endpoint; return how many were taken. Ends at the first failure:
    what does not answer now will not answer the next event either."""
    taken = 0
    with kept(WebhookEndpoint, endpoint_id, fence):
        for _ in range(MOST_AT_ONCE):
            endpoint = WebhookEndpoint.objects.select_related("team").get(pk=endpoint_id)
            delivery = _next(endpoint) if _is_mine(endpoint, fence) else None
            if delivery is None:
                break
            status, answer, error = _try(endpoint, delivery, reach)
            if not _note(delivery, fence, status=status, answer=answer, error=error):
                break
            taken += 1
    WebhookEndpoint.objects.filter(pk=endpoint_id, fence=fence).update(lease_until=None)
    return taken


def _is_mine(endpoint: WebhookEndpoint, fence: int) -> bool:
    return endpoint.fence == fence and endpoint.is_active and endpoint.removed_at is None


def _next(endpoint: WebhookEndpoint) -> WebhookDelivery | None:
    """What was tried least goes first, so that one event nobody takes holds up no other."""
    return (
        endpoint.deliveries.filter(state="waiting", not_before__lte=database_now())
        .select_related("event")
        .order_by("attempts", "id")
        .first()
    )


def _try(
    endpoint: WebhookEndpoint, delivery: WebhookDelivery, reach: Reach | None
) -> tuple[int | None, str, str]:
    """The status, the beginning of the answer, and what was wrong."""
    now = database_now()
    try:
        call = call_of(
            endpoint,
            delivery.event.document,
            message_id=str(delivery.event_id),
            now=now,
            seconds=PATIENCE_S,
        )
        answered = call(reach)
    except Invalid as error:
        return None, "", "; ".join(words for _, words in error.problems)[:300]
    except EngineError as error:
        return None, "", str(error)[:300]
    return answered.status, excerpt(answered.content), _wrong_with(answered)


def _wrong_with(answered: Answered) -> str:
    if 200 <= answered.status < 300:
        return ""
    if 300 <= answered.status < 400:
        return "it redirects, which is not followed; use the address it ends at"
    return f"it answered {answered.status}"


def _note(
    delivery: WebhookDelivery, fence: int, *, status: int | None, answer: str, error: str
) -> bool:
    """Write down one try; False when it failed or another worker has taken over."""
    with transaction.atomic():
        endpoint = WebhookEndpoint.objects.select_for_update(no_key=True).get(
            pk=delivery.endpoint_id
        )
        if endpoint.fence != fence or endpoint.removed_at is not None:
            return False
        now = database_now()
        delivery.attempts += 1
        delivery.tried_at, delivery.status = now, status
        delivery.answer, delivery.error = answer, error
        if error:
            _note_failure(endpoint, delivery, now, is_over=status == GONE)
        else:
            delivery.state, delivery.sent_at = "sent", now
            endpoint.failures, endpoint.failing_since = 0, None
        delivery.save(
            update_fields=[
                "attempts", "tried_at", "status", "answer", "error", "state", "sent_at",
                "not_before",
            ]
        )  # fmt: skip
        endpoint.save(
            update_fields=[
                "failures", "failing_since", "due_at", "is_active", "switched_off_because",
            ]
        )  # fmt: skip
    return not error


def _note_failure(
    endpoint: WebhookEndpoint, delivery: WebhookDelivery, now: datetime, *, is_over: bool
) -> None:
    log.warning("webhook.failed", extra={"endpoint": endpoint.pk, "why": delivery.error})
    endpoint.failures += 1
    endpoint.failing_since = endpoint.failing_since or now
    if is_over or has_failed_for_long(endpoint.failing_since, now):
        _switch_off(endpoint, delivery, now)
        return
    delivery.not_before = next_try(now, delivery.attempts, shake=_DICE.random())
    endpoint.due_at = next_try(now, endpoint.failures, shake=_DICE.random())
    if delivery.attempts >= MOST_TRIES:
        delivery.state = "failed"


def _switch_off(endpoint: WebhookEndpoint, delivery: WebhookDelivery, now: datetime) -> None:
    """Nothing more is tried until a person has put it right, and somebody is told."""
    delivery.state = "failed"
    endpoint.is_active, endpoint.due_at = False, None
    endpoint.switched_off_because = delivery.error
    endpoint.deliveries.filter(state="waiting").update(state="failed")
    tell(
        Topic.CHANNEL_DISABLED,
        key=f"webhook:{endpoint.pk}:{now.isoformat()}",
        text=f"The webhook at {endpoint.host} is switched off after it failed: {delivery.error}",
        people=_answering_for(endpoint),
    )


def _answering_for(endpoint: WebhookEndpoint) -> Iterable[int]:
    """Its team's owners; nobody named means the programme leads."""
    if endpoint.team_id is None:
        return ()
    owners = Membership.objects.filter(team=endpoint.team_id, role=TeamRole.OWNER.value)
    return list(owners.values_list("user_id", flat=True))
