"""Telling people: what happened, who was told, by which way, and whether it arrived.

An Announcement is written in the transaction of what happened (services.notify) and is due at
once; services.announce makes of it a Notice for each person and a Delivery for each channel,
services.deliver sends what is due. Each step is unique, so that doing it again changes nothing.
"""

from __future__ import annotations

from datetime import time

from django.db import models
from django.db.models import Q

from exercises.domain.delivery_times import MailPace
from exercises.models.append_only import AppendOnly
from exercises.models.base import Record
from exercises.models.due_work import DueWork
from exercises.models.exercises import Exercise
from exercises.models.experiments import Experiment
from exercises.models.findings import Finding
from exercises.models.mentoring import MentorRequest
from exercises.models.people import Team, User

KINDS = (("mail", "E-mail"), ("chat", "Chat"))


class Channel(DueWork):
    """A way to a person, a team or the whole organisation.

    `address` is the e-mail address, empty for the person's own, or what may be shown of a chat
    address; `secret` is the chat address itself, encrypted. `due_at` is when the next of its
    deliveries leaves: a channel is claimed as one, so that what is due is one message.
    """

    kind = models.CharField(max_length=8, choices=KINDS)
    name = models.CharField(max_length=80)
    person = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="channels"
    )
    team = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.PROTECT, related_name="channels"
    )
    address = models.CharField(max_length=254, blank=True)
    secret = models.TextField(blank=True)
    is_active = models.BooleanField(default=True)
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True, blank=True)
    switched_off_because = models.CharField(max_length=300, blank=True)
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name", "id")
        indexes = (
            models.Index(fields=("due_at",), name="channel_due", condition=Q(due_at__isnull=False)),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("person",), condition=Q(kind="mail"), name="one_mail_channel_a_person"
            ),
            models.CheckConstraint(
                condition=Q(person__isnull=True) | Q(team__isnull=True),
                name="channel_has_one_owner",
            ),
        )

    def __str__(self) -> str:
        return self.name


class Announcement(DueWork):
    """Something people should know. `topic` is a domain.notices.Topic; `key` names the event,
    so that it is told once."""

    topic = models.CharField(max_length=24)
    key = models.CharField(max_length=120, unique=True)
    happened_at = models.DateTimeField()
    text = models.CharField(max_length=500, blank=True)
    exercise = models.ForeignKey(
        Exercise, null=True, blank=True, on_delete=models.CASCADE, related_name="announcements"
    )
    experiment = models.ForeignKey(
        Experiment, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    finding = models.ForeignKey(
        Finding, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    mentor_request = models.ForeignKey(
        MentorRequest, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    people = models.JSONField(default=list, blank=True)
    report_period = models.CharField(max_length=7, blank=True)
    """The programme report of this period goes with the mail."""
    told_at = models.DateTimeField(null=True, blank=True)
    skipped_because = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("-happened_at", "-id")
        indexes = (
            models.Index(
                fields=("due_at",), name="announcement_due", condition=Q(due_at__isnull=False)
            ),
        )


class Notice(Record):
    """One person was told one thing."""

    announcement = models.ForeignKey(Announcement, on_delete=models.CASCADE, related_name="notices")
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices")
    because = models.CharField(max_length=120)
    needs_you = models.BooleanField(default=False)
    asks_for_word = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("announcement", "person"), name="one_notice_a_person_and_event"
            ),
        )
        indexes = (
            models.Index(
                fields=("person",), name="notice_unread", condition=Q(read_at__isnull=True)
            ),
            models.Index(fields=("person", "-created_at"), name="notice_of_person"),
        )


class Delivery(Record):
    """One announcement on its way through one channel, and how that went."""

    STATES = (("waiting", "Waiting"), ("sent", "Sent"), ("failed", "Not delivered"))

    announcement = models.ForeignKey(
        Announcement, on_delete=models.CASCADE, related_name="deliveries"
    )
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="deliveries")
    notice = models.ForeignKey(
        Notice, null=True, blank=True, on_delete=models.CASCADE, related_name="deliveries"
    )
    state = models.CharField(max_length=8, choices=STATES, default="waiting")
    is_urgent = models.BooleanField(default=False)
    not_before = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    tried_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("-not_before", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("announcement", "channel"), name="one_delivery_an_event_and_channel"
            ),
        )
        indexes = (
            models.Index(
                fields=("channel", "not_before"),
                name="delivery_waiting",
                condition=Q(state="waiting"),
            ),
        )


class NoticeWishes(Record):
    """How a person wants to be told. Without a row: the defaults."""

    person = models.OneToOneField(User, on_delete=models.CASCADE, related_name="notice_wishes")
    pace = models.CharField(
        max_length=8, default=MailPace.SOON.value, choices=[(p.value, p.label) for p in MailPace]
    )
    timezone = models.CharField(max_length=64, default="Europe/Berlin")
    daily_at = models.TimeField(default=time(8, 0))
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    muted = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="quiet_hours_have_two_ends",
            ),
        )


class NoticePolicy(AppendOnly):
    """Who hears of an exercise's moments, per blast radius. The newest one counts."""

    rules = models.JSONField()
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()

    class Meta:
        ordering = ("-id",)
