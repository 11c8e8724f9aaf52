"""Webhook endpoints: add, change, switch, rotate the secret, test, remove, send again.

A team's are its owners', the organisation's the programme leads'. Called by pages and the API.
"""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Sequence
from typing import Final

from django.db import transaction

from exercises.channels.safe_fetch import check, host_of
from exercises.channels.sealed import seal
from exercises.domain.actors import Actor
from exercises.domain.errors import Conflict, Invalid
from exercises.domain.webhooks import BOTH_HOLD_FOR, SECRET_BYTES, check_kinds, secret_of
from exercises.models import Team, WebhookDelivery, WebhookEndpoint
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.services.audit import record
from exercises.services.webhook_events import send_test

MOST: Final = 20
MOST_ASKED: Final = 3
MAX_DESCRIPTION: Final = 200


def add_endpoint(
    *,
    actor: Actor,
    url: str,
    events: Sequence[str],
    description: str = "",
    team: Team | None = None,
    is_asked: bool = False,
) -> tuple[WebhookEndpoint, str]:
    """Call this address from now on; return it with its secret, which nobody sees again.

    Without a team it hears of the whole organisation. Raises NotAllowed, Invalid.
    """
    secret = secret_of(secrets.token_bytes(SECRET_BYTES))
    endpoint = WebhookEndpoint(
        team=team,
        url=url.strip(),
        description=description.strip(),
        is_asked=is_asked,
        secret=seal(secret),
        created_by_id=actor.person_id,
    )
    authorize(actor, "webhook.manage", endpoint)
    endpoint.events = _checked(endpoint, events)
    if WebhookEndpoint.objects.filter(team=team, removed_at__isnull=True).count() >= MOST:
        raise Invalid("url", f"a team, and the organisation, has {MOST} endpoints at most")
    with transaction.atomic():
        endpoint.due_at = database_now()
        endpoint.save()
        record(actor, "webhook.add", endpoint, **_said(endpoint))
    return endpoint, secret


def change_endpoint(
    *,
    actor: Actor,
    endpoint: WebhookEndpoint,
    url: str,
    events: Sequence[str],
    description: str = "",
    is_asked: bool = False,
) -> WebhookEndpoint:
    """Another address or other events; the secret stays. Raises NotAllowed, Invalid."""
    authorize(actor, "webhook.manage", endpoint)
    endpoint.url, endpoint.description = url.strip(), description.strip()
    endpoint.is_asked = is_asked
    endpoint.events = _checked(endpoint, events)
    with transaction.atomic():
        endpoint.save(update_fields=["url", "description", "events", "is_asked"])
        record(actor, "webhook.change", endpoint, **_said(endpoint))
    return endpoint


def switch_endpoint(*, actor: Actor, endpoint: WebhookEndpoint, on: bool) -> WebhookEndpoint:
    """On again after it failed or was switched off; off. What waits is kept for later."""
    authorize(actor, "webhook.manage", endpoint)
    with transaction.atomic():
        locked = _locked(endpoint)
        locked.is_active, locked.failures, locked.failing_since = on, 0, None
        locked.switched_off_because = "" if on else "by hand"
        locked.due_at = database_now() if on else None
        locked.save(
            update_fields=[
                "is_active", "failures", "failing_since", "switched_off_because", "due_at",
            ]
        )  # fmt: skip
        record(actor, "webhook.on" if on else "webhook.off", locked)
    return locked


def rotate_secret(*, actor: Actor, endpoint: WebhookEndpoint) -> tuple[WebhookEndpoint, str]:
    """Another secret. For a day both sign, so that no event is lost while receivers change."""
    authorize(actor, "webhook.manage", endpoint)
    secret = secret_of(secrets.token_bytes(SECRET_BYTES))
    with transaction.atomic():
        locked = _locked(endpoint)
        locked.old_secret, locked.secret = locked.secret, seal(secret)
        locked.old_secret_until = database_now() + BOTH_HOLD_FOR
        locked.save(update_fields=["old_secret", "secret", "old_secret_until"])
        record(actor, "webhook.rotate", locked, until=locked.old_secret_until.isoformat())
    return locked, secret


def remove_endpoint(*, actor: Actor, endpoint: WebhookEndpoint) -> None:
    """Call it no more; its log and its secrets go. Raises NotAllowed."""
    authorize(actor, "webhook.manage", endpoint)
    with transaction.atomic():
        locked = _locked(endpoint)
        locked.removed_at, locked.due_at, locked.is_active = database_now(), None, False
        locked.secret = locked.old_secret = ""
        locked.save(update_fields=["removed_at", "due_at", "is_active", "secret", "old_secret"])
        locked.deliveries.all().delete()
        record(actor, "webhook.remove", locked, host=locked.host)


def try_endpoint(*, actor: Actor, endpoint: WebhookEndpoint) -> WebhookDelivery:
    """Send it an event of its own, signed as every other. Raises Conflict when it is off."""
    authorize(actor, "webhook.manage", endpoint)
    with transaction.atomic():
        locked = _locked(endpoint)
        _refuse_off(locked)
        delivery = send_test(locked)
        _ask_soon(locked)
        record(actor, "webhook.test", locked)
    return delivery


def replay_delivery(*, actor: Actor, delivery: WebhookDelivery) -> WebhookDelivery:
    """Send an event again, with the id it had. Raises Conflict when it waits already."""
    authorize(actor, "webhook.manage", delivery.endpoint)
    with transaction.atomic():
        locked = _locked(delivery.endpoint)
        _refuse_off(locked)
        fresh = WebhookDelivery.objects.filter(pk=delivery.pk).exclude(state="waiting")
        if not fresh.update(state="waiting", attempts=0, not_before=database_now()):
            raise Conflict("it is on its way already")
        _ask_soon(locked)
        delivery.refresh_from_db()
        record(actor, "webhook.replay", locked, event=str(delivery.event_id))
    return delivery


def _said(endpoint: WebhookEndpoint) -> dict[str, object]:
    return {"host": endpoint.host, "events": endpoint.events, "is_asked": endpoint.is_asked}


def _checked(endpoint: WebhookEndpoint, events: Sequence[str]) -> list[str]:
    problems: list[tuple[str, str]] = []
    kinds: list[str] = []
    try:
        _check_url(endpoint.url)
    except Invalid as error:
        problems += error.problems
    if len(endpoint.description) > MAX_DESCRIPTION:
        problems.append(("description", f"at most {MAX_DESCRIPTION} characters"))
    try:
        kinds = check_kinds(events, may_be_none=endpoint.is_asked)
    except Invalid as error:
        problems += error.problems
    if endpoint.is_asked and _asked_already(endpoint) >= MOST_ASKED:
        problems.append(
            ("is_asked", f"a team, and the organisation, has {MOST_ASKED} that are asked at most")
        )
    if problems:
        raise Invalid.of(problems)
    return kinds


def _asked_already(endpoint: WebhookEndpoint) -> int:
    others = WebhookEndpoint.objects.filter(
        team=endpoint.team_id, is_asked=True, removed_at__isnull=True
    )
    return others.exclude(pk=endpoint.pk).count()


def _check_url(url: str) -> None:
    """What can be said without asking the name service; each call checks the rest anew."""
    host = host_of(url)
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return
    check(url)


def _locked(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    rows = WebhookEndpoint.objects.select_for_update(no_key=True)
    found = rows.filter(pk=endpoint.pk, removed_at__isnull=True).first()
    if found is None:
        raise Conflict("this endpoint was removed")
    return found


def _refuse_off(endpoint: WebhookEndpoint) -> None:
    if not endpoint.is_active:
        raise Conflict("this endpoint is switched off; switch it on first")


def _ask_soon(endpoint: WebhookEndpoint) -> None:
    """A person waits: a pause after a failure is over."""
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(due_at=database_now())
