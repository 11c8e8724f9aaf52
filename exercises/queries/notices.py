"""What a person was told, who was told of an exercise, and what is on its way.

Used by the bell of every page, the inbox, the page of an exercise and the delivery log.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Q, QuerySet

from exercises.domain.actors import Actor
from exercises.domain.capacities import TeamRole
from exercises.domain.notices import Topic
from exercises.models import Announcement, Channel, Delivery, Exercise, Notice
from exercises.permissions import may
from exercises.queries.notice_words import path_of, title_of

SHOWN: Final = (("unread", "Unread"), ("needs_you", "Needs you"), ("all", "All"))

_ICONS: Final = {
    Topic.STOPPED: ("square", "tone-danger"),
    Topic.CANCELLED: ("x", "tone-wait"),
    Topic.EXPERIMENT_CANCELLED: ("x", "tone-wait"),
    Topic.NO_GO: ("ban", "tone-danger"),
    Topic.CHANNEL_DISABLED: ("warn", "tone-danger"),
    Topic.HOUR_BEFORE: ("phone", "tone-wait"),
    Topic.APPROVAL_ASKED: ("approve", "tone-wait"),
    Topic.CHANGES_REQUESTED: ("comment", "tone-wait"),
    Topic.APPROVAL_EXPIRES: ("clock", "tone-wait"),
    Topic.APPROVED: ("approve", "tone-ok"),
    Topic.DECLINED: ("x", ""),
    Topic.FINDING_ASSIGNED: ("finding", "tone-learn"),
    Topic.FINDING_OVERDUE: ("finding", "tone-learn"),
    Topic.FINDING_REOPENED: ("refresh", "tone-learn"),
    Topic.FINDING_ASKED: ("question", "tone-learn"),
    Topic.FINDING_DUE_SOON: ("clock", "tone-wait"),
    Topic.WAIVER_ENDS: ("clock", "tone-wait"),
    Topic.INVITED: ("people", "tone-wait"),
    Topic.FREEZE_HOLDS: ("snow", "tone-wait"),
    Topic.RESIDUAL_FAULT: ("warn", "tone-wait"),
    Topic.MENTOR_ASKED: ("people", "tone-wait"),
    Topic.MENTOR_ANSWERED: ("people", ""),
    Topic.SIGNED_OFF: ("approve", "tone-ok"),
    Topic.SCHEDULE_SUSPENDED: ("pause", "tone-wait"),
    Topic.STARTED: ("play", "tone-run"),
    Topic.ENDED: ("check", ""),
    Topic.DEBRIEF: ("comment", "tone-learn"),
    Topic.TEST: ("info", ""),
}


@dataclass(frozen=True)
class NoticeRow:
    notice: Notice
    title: str
    path: str
    icon: str
    tone: str

    @property
    def waits_for_word(self) -> bool:
        return self.notice.asks_for_word and self.notice.acknowledged_at is None


@dataclass(frozen=True)
class Told:
    """One person and one announcement: by which ways it went, and what came back."""

    notice: Notice
    ways: tuple[Delivery, ...]


@dataclass(frozen=True)
class ToldOf:
    """One announcement of an exercise, with everyone who was told."""

    announcement: Announcement
    title: str
    people: tuple[Told, ...]
    rooms: tuple[Delivery, ...]

    @property
    def asked(self) -> int:
        """How many were asked to say that they took note."""
        return sum(told.notice.asks_for_word for told in self.people)

    @property
    def acknowledged(self) -> int:
        return sum(told.notice.acknowledged_at is not None for told in self.people)


def notices_of(actor: Actor) -> QuerySet[Notice]:
    """What this person was told, newest first, with what its words need."""
    if actor.user_id is None:
        return Notice.objects.none()
    return Notice.objects.filter(person=actor.user_id).select_related(
        "announcement__exercise",
        "announcement__experiment__exercise",
        "announcement__finding",
        "announcement__mentor_request__application",
        "announcement__mentor_request__mentor",
    )


def unread_count(actor: Actor) -> int:
    """The number on the bell."""
    if actor.user_id is None:
        return 0
    return Notice.objects.filter(person=actor.user_id, read_at__isnull=True).count()


def inbox_of(actor: Actor, shown: str) -> QuerySet[Notice]:
    """Unread ones, those that ask something of the person, or all."""
    rows = notices_of(actor)
    if shown == "unread":
        return rows.filter(read_at__isnull=True)
    if shown == "needs_you":
        return rows.filter(
            Q(needs_you=True, read_at__isnull=True)
            | Q(asks_for_word=True, acknowledged_at__isnull=True)
        )
    return rows


def rows_of(notices: Iterable[Notice]) -> list[NoticeRow]:
    return [_row(notice) for notice in notices]


def _row(notice: Notice) -> NoticeRow:
    row = notice.announcement
    icon, tone = _ICONS.get(Topic(row.topic), ("calendar", ""))
    return NoticeRow(notice, title_of(row), path_of(row), icon, tone)


def told_of(exercise: Exercise) -> list[ToldOf]:
    """Who was told of an exercise, newest first; what was skipped says why."""
    announcements = list(
        Announcement.objects.filter(
            Q(exercise=exercise) | Q(experiment__exercise=exercise)
        ).select_related("exercise", "experiment__exercise", "finding")[:100]
    )
    notices = Notice.objects.filter(announcement__in=announcements).select_related("person")
    deliveries = Delivery.objects.filter(announcement__in=announcements).select_related("channel")
    ways: dict[int, list[Delivery]] = defaultdict(list)
    rooms: dict[int, list[Delivery]] = defaultdict(list)
    for delivery in deliveries:
        if delivery.notice_id is None:
            rooms[delivery.announcement_id].append(delivery)
        else:
            ways[delivery.notice_id].append(delivery)
    people: dict[int, list[Told]] = defaultdict(list)
    for notice in notices.order_by("person__name"):
        people[notice.announcement_id].append(Told(notice, tuple(ways[notice.pk])))
    return [
        ToldOf(row, title_of(row), tuple(people[row.pk]), tuple(rooms[row.pk]))
        for row in announcements
    ]


def managed_channels(actor: Actor) -> QuerySet[Channel]:
    """One's own channels, those of teams one owns, and for a programme lead every room."""
    owned = [pk for pk, role in actor.team_roles.items() if role == TeamRole.OWNER.value]
    mine = Q(person=actor.user_id) | Q(team__in=owned)
    if may(actor, "delivery.view"):
        mine |= Q(person__isnull=True)
    return Channel.objects.filter(mine).select_related("team", "person")


def deliveries_of(state: str = "") -> QuerySet[Delivery]:
    """The delivery log, newest first. Who may read it is for the caller to ask."""
    rows = Delivery.objects.select_related(
        "channel__person",
        "channel__team",
        "announcement__exercise",
        "announcement__experiment__exercise",
        "announcement__finding",
        "announcement__mentor_request__application",
        "announcement__mentor_request__mentor",
    )
    return rows.filter(state=state) if state in dict(Delivery.STATES) else rows


def titled(deliveries: Sequence[Delivery]) -> list[tuple[Delivery, str]]:
    return [(delivery, title_of(delivery.announcement)) for delivery in deliveries]
