"""Reports that leave by mail: what they cover, when, and who gets them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from exercises.domain.report_rhythm import COVERS, Rhythm
from exercises.models.due_work import DueWork
from exercises.models.people import User


class ReportSubscription(DueWork):
    """Due when its next mail is; ended for good when somebody ended it."""

    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    covers = models.CharField(max_length=8, choices=COVERS)
    weekday = models.PositiveSmallIntegerField(null=True, blank=True)
    day = models.PositiveSmallIntegerField(null=True, blank=True)
    at = models.TimeField()
    timezone = models.CharField(max_length=64)
    recipients = models.ManyToManyField(User, related_name="report_subscriptions")
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("id",)
        indexes = (
            models.Index(
                fields=("due_at",), name="report_mail_due", condition=Q(due_at__isnull=False)
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(weekday__isnull=True, day__gte=1, day__lte=28)
                | Q(day__isnull=True, weekday__lte=6),
                name="report_mail_has_one_rhythm",
            ),
        )

    @property
    def rhythm(self) -> Rhythm:
        return Rhythm(self.weekday, self.day, self.at, self.timezone)
