"""Ways to tell people: add one, try it, switch it off and on, and what a person wishes.

A person manages their own; a team's are its owners', the organisation's the programme leads'.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection, transaction

from exercises.channels import chat
from exercises.channels.sealed import seal
from exercises.domain.actors import Actor
from exercises.domain.delivery_times import GATHER_URGENT, MailPace
from exercises.domain.errors import Conflict, Invalid
from exercises.domain.notices import MUTABLE, Topic, read_rules
from exercises.domain.times import is_zone
from exercises.models import (
    Announcement,
    Channel,
    Delivery,
    NoticePolicy,
    NoticeWishes,
    Team,
    User,
)
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.services.audit import record

MOST_A_PERSON: Final = 10
LONGEST_ADDRESS: Final = 254
POLICY_LOCK: Final = 0x6E6F7465  # any constant; it names the notice policy among the locks


def add_chat_channel(
    *, actor: Actor, name: str, address: str, team: Team | None = None, for_all: bool = False
) -> Channel:
    """A chat room or direct message; without `team` and `for_all` it is the actor's own.

    Raises NotAllowed, Invalid (name, address, too many).
    """
    channel = Channel(
        kind="chat",
        name=name.strip(),
        team=team,
        person_id=None if team or for_all else actor.person_id,
        created_by_id=actor.person_id,
    )
    authorize(actor, "channel.manage", channel)
    if not 1 <= len(channel.name) <= 80:
        raise Invalid("name", "1 to 80 characters")
    channel.address = chat.check(address.strip())
    channel.secret = seal(address.strip())
    if Channel.objects.filter(created_by=actor.person_id).count() >= MOST_A_PERSON:
        raise Invalid("address", f"one person adds {MOST_A_PERSON} channels at most")
    with transaction.atomic():
        channel.save()
        record(actor, "channel.add", channel, name=channel.name, address=channel.address)
    return channel


def mail_channel_of(user: User) -> Channel:
    """A person's mail, there from the first time that anybody asks for it."""
    channel, _ = Channel.objects.get_or_create(
        kind="mail", person=user, defaults={"name": "E-mail"}
    )
    return channel


def set_mail_address(*, actor: Actor, channel: Channel, address: str) -> Channel:
    """Another e-mail address than the one a person signs in with; empty is that one."""
    authorize(actor, "channel.manage", channel)
    address = address.strip()
    if len(address) > LONGEST_ADDRESS:
        raise Invalid("address", f"at most {LONGEST_ADDRESS} characters")
    if address:
        try:
            validate_email(address)
        except ValidationError as error:
            raise Invalid("address", "an e-mail address such as name@example.org") from error
    with transaction.atomic():
        channel.address = address
        channel.save(update_fields=["address"])
        record(actor, "channel.address", channel)
    return channel


def switch_channel(*, actor: Actor, channel: Channel, on: bool) -> Channel:
    """On again after it failed or was switched off; off. What waits is kept for later."""
    authorize(actor, "channel.manage", channel)
    with transaction.atomic():
        locked = Channel.objects.select_for_update(no_key=True).get(pk=channel.pk)
        locked.is_active = on
        locked.failures, locked.failing_since = 0, None
        locked.switched_off_because = "" if on else f"by {actor.name}"
        locked.due_at = database_now() if on else None
        locked.save(
            update_fields=[
                "is_active", "failures", "failing_since", "switched_off_because", "due_at",
            ]
        )  # fmt: skip
        record(actor, "channel.on" if on else "channel.off", locked)
    return locked


def try_channel(*, actor: Actor, channel: Channel) -> None:
    """Send a test through it, on the same way as everything else. Raises Conflict when it
    is switched off."""
    authorize(actor, "channel.manage", channel)
    if not channel.is_active:
        raise Conflict("this channel is switched off; switch it on first")
    now = database_now()
    with transaction.atomic():
        announcement = Announcement.objects.create(
            topic=Topic.TEST.value,
            key=f"test:{channel.pk}:{now.isoformat()}",
            happened_at=now,
            text=f"{actor.name} tried the channel {channel.name}.",
            told_at=now,
        )
        Delivery.objects.create(
            announcement=announcement, channel=channel, is_urgent=True, not_before=now
        )
        Channel.objects.filter(pk=channel.pk).update(due_at=now)
        record(actor, "channel.try", channel)


def replay(*, actor: Actor, delivery: Delivery) -> Delivery:
    """Try again what was not delivered. Raises NotAllowed, Conflict (it was, or it waits)."""
    authorize(actor, "delivery.replay", delivery)
    with transaction.atomic():
        channel = Channel.objects.select_for_update(no_key=True).get(pk=delivery.channel_id)
        if not channel.is_active:
            raise Conflict(f"{channel.name} is switched off; switch it on first")
        now = database_now()
        fresh = Delivery.objects.filter(pk=delivery.pk, state="failed").update(
            state="waiting", not_before=now + GATHER_URGENT
        )
        if not fresh:
            raise Conflict("only what was not delivered is tried again")
        Channel.objects.filter(pk=channel.pk).update(due_at=now + GATHER_URGENT)
        delivery.refresh_from_db()
        record(actor, "delivery.replay", delivery, channel=channel.name)
    return delivery


def set_wishes(
    *,
    actor: Actor,
    pace: str,
    timezone: str,
    daily_at: time,
    quiet_from: time | None,
    quiet_until: time | None,
    muted: Sequence[str] = (),
) -> NoticeWishes:
    """How the actor wants to be told. Raises NotAllowed, Invalid (every field at fault)."""
    authorize(actor, "notice.own")
    problems = []
    if pace not in list(MailPace):
        problems.append(("pace", f"one of {', '.join(MailPace)}"))
    if not is_zone(timezone):
        problems.append(("timezone", "an IANA name such as Europe/Berlin"))
    if (quiet_from is None) != (quiet_until is None):
        problems.append(("quiet_until", "quiet hours have a beginning and an end"))
    elif quiet_from is not None and quiet_from == quiet_until:
        problems.append(("quiet_until", "must differ from the beginning"))
    unknown = sorted(set(muted) - set(MUTABLE))
    if unknown:
        problems.append(("muted", f"{', '.join(unknown)} cannot be left out"))
    if problems:
        raise Invalid.of(problems)
    with transaction.atomic():
        row, _ = NoticeWishes.objects.update_or_create(
            person_id=actor.person_id,
            defaults={
                "pace": pace,
                "timezone": timezone,
                "daily_at": daily_at,
                "quiet_from": quiet_from,
                "quiet_until": quiet_until,
                "muted": sorted(set(muted)),
            },
        )
        record(actor, "notice.wishes", row, pace=pace)
    return row


def lock_policy() -> None:
    """Until the transaction ends, nobody else writes the rules."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [POLICY_LOCK])


def write_policy(*, actor: Actor, rules: object) -> NoticePolicy:
    """Who hears of an exercise's moments from now on. Raises NotAllowed, Invalid."""
    authorize(actor, "notice.policy")
    wanted = read_rules(rules)
    with transaction.atomic():
        lock_policy()
        row = NoticePolicy.objects.create(
            rules=wanted.as_json(), written_by_id=actor.person_id, written_at=database_now()
        )
        record(actor, "notice.policy", row, rules=row.rules)
    return row
