"""From an announcement to a notice for each person and a delivery for each channel.

Called by a worker with a claimed announcement. Everything it writes is unique, so a second
look, or a second worker, finds it done.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Least

from exercises.domain.delivery_times import GATHER, MailPace, Wishes, leaves_at
from exercises.domain.notices import NEEDS_YOU, URGENT, Topic
from exercises.models import Announcement, Channel, Delivery, Notice, NoticeWishes
from exercises.models.due_work import database_now
from exercises.queries.notice_recipients import Recipients, recipients_of

ASKS_FOR_WORD: Final = frozenset({Topic.HOUR_BEFORE, Topic.STOPPED, Topic.NO_GO, Topic.ANNOUNCED})
"""Where it matters to know that somebody has taken note, beyond that a page was opened."""


def announce(*, announcement_id: int, fence: int) -> int:
    """Tell everyone it concerns; return how many notices there are. Again is once."""
    with transaction.atomic():
        row = (
            Announcement.objects.select_for_update(of=("self",), no_key=True)
            .select_related("exercise", "experiment__application", "experiment__exercise")
            .select_related("finding", "mentor_request__application")
            .get(pk=announcement_id)
        )
        if row.fence != fence or row.told_at is not None or row.skipped_because:
            return 0
        now = database_now()
        because = _needless(row)
        count = 0 if because else _tell(row, now)
        row.told_at, row.skipped_because = None if because else now, because
        row.due_at = row.lease_until = None
        row.save(update_fields=["told_at", "skipped_because", "due_at", "lease_until"])
        return count


def _needless(row: Announcement) -> str:
    """Why nobody need be told after all; empty when they should be."""
    exercise = row.exercise
    if row.topic == Topic.STOPPED and row.experiment_id and exercise and exercise.stopped_at:
        return "part of Stop all, which was told"
    return ""


def _tell(row: Announcement, now: datetime) -> int:
    topic = Topic(row.topic)
    found = recipients_of(row)
    Notice.objects.bulk_create(
        [
            Notice(
                announcement=row,
                person_id=pk,
                because=because,
                needs_you=topic in NEEDS_YOU and _is_for(topic, because),
                asks_for_word=topic in ASKS_FOR_WORD and _is_for(topic, because),
                created_at=now,
            )
            for pk, because in found.people.items()
        ],
        ignore_conflicts=True,
    )
    notices = {notice.person_id: notice for notice in row.notices.all()}
    _deliver(row, topic, found, notices, now)
    return len(notices)


def _is_for(topic: Topic, because: str) -> bool:
    """The hour before asks something of who is on call; the others only know."""
    return topic is not Topic.HOUR_BEFORE or because == "You are on call"


def _deliver(
    row: Announcement,
    topic: Topic,
    found: Recipients,
    notices: Mapping[int, Notice],
    now: datetime,
) -> None:
    is_urgent = topic in URGENT
    wishes = {w.person_id: w for w in NoticeWishes.objects.filter(person__in=notices)}
    deliveries = []
    for channel in _channels(found, notices):
        if channel.person_id is None:
            leaves: datetime | None = now
        else:
            leaves = _when(wishes.get(channel.person_id), topic, now, is_urgent=is_urgent)
        if leaves is None:
            continue
        deliveries.append(
            Delivery(
                announcement=row,
                channel=channel,
                notice=notices.get(channel.person_id) if channel.person_id else None,
                is_urgent=is_urgent,
                not_before=leaves,
            )
        )
    Delivery.objects.bulk_create(deliveries, ignore_conflicts=True)
    by_time: dict[datetime, list[int]] = defaultdict(list)
    for delivery in deliveries:
        by_time[delivery.not_before].append(delivery.channel_id)
    for at, due in by_time.items():
        # LEAST ignores a time that is not set.
        Channel.objects.filter(pk__in=due).update(due_at=Least("due_at", at))


def _channels(found: Recipients, notices: Mapping[int, Notice]) -> Sequence[Channel]:
    """People's own channels, made on the way for those without, and those of rooms."""
    if settings.CHAOSPLANE_SENDS_MAIL:
        _make_mail_channels(notices)
    active = Channel.objects.filter(is_active=True)
    rooms = active.filter(person__isnull=True, team__in=found.teams)
    if found.is_for_all:
        rooms = rooms | active.filter(person__isnull=True, team__isnull=True)
    mine = active.filter(person__in=notices)
    if not settings.CHAOSPLANE_SENDS_MAIL:
        mine = mine.exclude(kind="mail")
    return [*mine, *rooms]


def _make_mail_channels(people: Iterable[int]) -> None:
    has = set(
        Channel.objects.filter(kind="mail", person__in=list(people)).values_list(
            "person_id", flat=True
        )
    )
    Channel.objects.bulk_create(
        [Channel(kind="mail", name="E-mail", person_id=pk) for pk in sorted(set(people) - has)],
        ignore_conflicts=True,
    )


def wishes_of(row: NoticeWishes | None) -> Wishes:
    """What the person chose, else what is meant by having chosen nothing."""
    if row is None:
        return Wishes()
    return Wishes(
        pace=MailPace(row.pace),
        zone=row.timezone,
        daily_at=row.daily_at,
        quiet_from=row.quiet_from,
        quiet_until=row.quiet_until,
    )


def _when(
    row: NoticeWishes | None, topic: Topic, now: datetime, *, is_urgent: bool
) -> datetime | None:
    if row is not None and topic.value in row.muted and not is_urgent:
        return None
    gather = GATHER / settings.CHAOSPLANE_TIME_SPEED
    return leaves_at(now, wishes_of(row), is_urgent=is_urgent, gather=gather)
