"""Send what is due through one channel, as one message, and write down how that went.

Called by a worker with a claimed channel, so no two send through the same one. What was
sent is marked before anything else is done: only a process that dies between the answer of
the server and its own commit sends a message again, with the same id.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import F, Min
from django.template.loader import render_to_string

from exercises.channels import chat, mail
from exercises.channels.protocol import Attachment, Message, Outcome, Way
from exercises.channels.sealed import unseal
from exercises.domain.delivery_times import has_failed_for_long, retry_at
from exercises.domain.errors import Invalid, Unavailable
from exercises.domain.notices import Topic
from exercises.domain.report_periods import period_from
from exercises.models import Channel, Delivery
from exercises.models.due_work import database_now, kept
from exercises.queries.notice_words import address_of, line_of, text_of
from exercises.queries.report import report_page
from exercises.services.notify import tell
from exercises.services.report_pdf import programme_pdf

log = logging.getLogger(__name__)

MOST_IN_ONE: Final = 200


def deliver(*, channel_id: int, fence: int) -> int:
    """Send what is due; return how many deliveries left the house."""
    channel = Channel.objects.select_related("person", "team").get(pk=channel_id)
    if channel.fence != fence:
        return 0
    due = _due(channel, database_now())
    if not due:
        _settle(channel)
        return 0
    with kept(Channel, channel.pk, fence):
        outcome = _send(channel, due)
    with transaction.atomic():
        locked = Channel.objects.select_for_update(no_key=True).get(pk=channel.pk)
        if locked.fence != fence:
            return 0
        _note(locked, due, outcome)
        _settle(locked)
    return len(due) if outcome.is_sent else 0


def _due(channel: Channel, now: datetime) -> list[Delivery]:
    """What is due, oldest first; while something urgent waits, only what is urgent."""
    rows = (
        channel.deliveries.filter(state="waiting", not_before__lte=now)
        .select_related(
            "announcement__exercise",
            "announcement__experiment__exercise",
            "announcement__finding",
            "announcement__mentor_request__application",
            "announcement__mentor_request__mentor",
            "notice__person",
        )
        .order_by("not_before", "id")
    )
    urgent = list(rows.filter(is_urgent=True)[:MOST_IN_ONE])
    return urgent or list(rows[:MOST_IN_ONE])


def _send(channel: Channel, due: Sequence[Delivery]) -> Outcome:
    way: Way = mail.send if channel.kind == "mail" else chat.send
    try:
        return way(_address(channel), message_of(due))
    except Invalid as error:
        return Outcome(False, str(error)[:300], is_final=True)


def _address(channel: Channel) -> str:
    if channel.kind == "chat":
        return unseal(channel.secret)
    if channel.address:
        return channel.address
    return channel.person.email if channel.person else ""


def message_of(due: Sequence[Delivery]) -> Message:
    """One message of everything that is due; its key depends on what it holds."""
    lines = [line_of(delivery.announcement, delivery.notice) for delivery in due]
    subject = lines[0].title if len(lines) == 1 else f"{len(lines)} things: {lines[0].title}"
    context = {"lines": lines, "inbox": address_of("inbox"), "wishes": address_of("notify_wishes")}
    ids = ",".join(str(delivery.pk) for delivery in due)
    return Message(
        key=f"chaosplane.{hashlib.sha256(ids.encode()).hexdigest()[:32]}",
        subject=subject,
        text=text_of(lines),
        html=render_to_string("mail/message.html", context),
        attachments=_reports(due),
    )


def _reports(due: Sequence[Delivery]) -> tuple[Attachment, ...]:
    """The reports that these announcements carry, each once. Where PDFs cannot be made the
    mail leaves without: it has the link."""
    periods = sorted({d.announcement.report_period for d in due if d.announcement.report_period})
    now = database_now()
    try:
        return tuple(
            Attachment(
                name=f"chaosplane-report-{key}.pdf",
                content=programme_pdf(report_page(period_from(key), now=now)),
                kind="application/pdf",
            )
            for key in periods
        )
    except Unavailable as error:
        log.warning("deliver.no_pdf", extra={"why": str(error)})
        return ()


def _note(channel: Channel, due: Sequence[Delivery], outcome: Outcome) -> None:
    now = database_now()
    rows = Delivery.objects.filter(pk__in=[delivery.pk for delivery in due], state="waiting")
    if outcome.is_sent:
        rows.update(state="sent", sent_at=now, tried_at=now, attempts=F("attempts") + 1, error="")
        channel.failures, channel.failing_since = 0, None
        channel.save(update_fields=["failures", "failing_since"])
        return
    log.warning("deliver.failed", extra={"channel": channel.pk, "why": outcome.error})
    channel.failures += 1
    channel.failing_since = channel.failing_since or now
    is_over = outcome.is_final or has_failed_for_long(channel.failing_since, now)
    rows.update(tried_at=now, attempts=F("attempts") + 1, error=outcome.error)
    if is_over:
        _switch_off(channel, outcome.error, now)
    else:
        channel.deliveries.filter(state="waiting", not_before__lte=now).update(
            not_before=retry_at(now, channel.failures)
        )
    channel.save(update_fields=["failures", "failing_since", "is_active", "switched_off_because"])


def _switch_off(channel: Channel, why: str, now: datetime) -> None:
    """Nothing more is tried until a person has put it right, and somebody is told."""
    channel.is_active, channel.switched_off_because = False, why
    channel.deliveries.filter(state="waiting").update(state="failed")
    whose = channel.person_id or channel.created_by_id
    tell(
        Topic.CHANNEL_DISABLED,
        key=f"channel:{channel.pk}:{now.isoformat()}",
        text=f"{channel.name} is switched off after it failed: {why}",
        people=[whose] if whose else [],
    )
    tell(
        Topic.CHANNEL_DISABLED,
        key=f"channels:{now:%Y-%m-%d}",
        text="Channels were switched off today after they failed. The delivery log names them.",
    )


def _settle(channel: Channel) -> None:
    """Due again when the next of its deliveries is; not at all while none waits."""
    following = channel.deliveries.filter(state="waiting").aggregate(at=Min("not_before"))["at"]
    Channel.objects.filter(pk=channel.pk, fence=channel.fence).update(
        due_at=following, lease_until=None
    )
