"""Freezes, where imported ones come from, and what may run in one all the same."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from exercises.models.accounts import CloudAccount
from exercises.models.base import Record
from exercises.models.due_work import DueWork
from exercises.models.people import Team, User


class FreezeSource(DueWork):
    """A calendar on the web whose events are freezes. `due_at` is when it is read again.

    `content` is the last copy that could be read, `good_at` its age; `problem` says why a
    later one could not. While there is a problem the freezes of the last copy stay.
    """

    name = models.CharField(max_length=120)
    url = models.CharField(max_length=1000)
    environments = models.JSONField(default=list, blank=True)
    accounts = models.ManyToManyField(CloudAccount, blank=True)
    teams = models.ManyToManyField(Team, blank=True)
    timezone = models.CharField(max_length=64, default="UTC")
    content = models.TextField(blank=True)
    etag = models.CharField(max_length=200, blank=True)
    tried_at = models.DateTimeField(null=True, blank=True)
    good_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=500, blank=True)
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(default=now)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("name",)
        indexes = (
            models.Index(
                fields=("due_at",), name="freeze_source_due", condition=Q(due_at__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return self.name


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
    declared_at = models.DateTimeField(default=now)
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    lifted_because = models.CharField(max_length=500, blank=True)
    source = models.ForeignKey(
        FreezeSource, null=True, blank=True, on_delete=models.PROTECT, related_name="freezes"
    )
    source_key = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("starts_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("source", "source_key"),
                condition=Q(source__isnull=False),
                name="one_freeze_per_event",
            ),
        )

    def __str__(self) -> str:
        return self.name


class FreezeException(Record):
    """One experiment, as it was written then, may run in one freeze until a moment."""

    freeze = models.ForeignKey(FreezeWindow, on_delete=models.PROTECT, related_name="exceptions")
    experiment = models.ForeignKey(
        "Experiment", on_delete=models.PROTECT, related_name="freeze_exceptions"
    )
    digest = models.CharField(max_length=64)
    reason = models.CharField(max_length=500)
    granted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    granted_at = models.DateTimeField()
    valid_until = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ("-granted_at",)
