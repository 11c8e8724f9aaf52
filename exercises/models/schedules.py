"""The programme: its schedule, which creates editions ahead of time, and freezes."""

from __future__ import annotations

from django.db import models

from exercises.models.accounts import CloudAccount
from exercises.models.base import Record
from exercises.models.due_work import DueWork
from exercises.models.people import Team, User


class Programme(Record):
    """An organisation's series of exercises, for instance "Cloud ITEE"."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    goal = models.TextField(blank=True)
    lead = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    safety_officer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return self.name


class Schedule(DueWork):
    """When a programme's editions take place: an RRULE over naive local time in a zone.

    Never read by Celery: due_at says when to look for editions to create.
    """

    programme = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="schedules")
    rrule = models.CharField(max_length=200)
    timezone = models.CharField(max_length=64)
    local_start = models.CharField(max_length=19)
    duration_s = models.PositiveIntegerField()
    region = models.CharField(max_length=32)
    az = models.CharField(max_length=32, blank=True)
    horizon_days = models.PositiveIntegerField(default=60)
    is_suspended = models.BooleanField(default=False)
    suspended_at = models.DateTimeField(null=True, blank=True)
    suspended_by_name = models.CharField(max_length=120, blank=True)

    class Meta:
        indexes = (models.Index(fields=("due_at",), name="schedule_due"),)


class FreezeWindow(Record):
    """A time in which nothing may start. Empty scopes mean everything."""

    name = models.CharField(max_length=120)
    reason = models.TextField(blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    environments = models.JSONField(default=list, blank=True)
    accounts = models.ManyToManyField(CloudAccount, blank=True)
    teams = models.ManyToManyField(Team, blank=True)
    declared_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT)
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("starts_at",)

    def __str__(self) -> str:
        return self.name
