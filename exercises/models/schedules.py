"""The programme and its schedule, which creates editions ahead of time."""

from __future__ import annotations

from django.db import models

from exercises.models.append_only import AppendOnly
from exercises.models.base import Record
from exercises.models.due_work import DueWork
from exercises.models.people import User


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

    `slug` never changes: files that say how things are to be name a schedule by it.
    Never read by Celery: due_at says when to look for editions to create. Occurrences up to
    `looked_until` have their edition, or are noted as missed.
    """

    slug = models.SlugField(max_length=60, unique=True)
    programme = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="schedules")
    rrule = models.CharField(max_length=200)
    timezone = models.CharField(max_length=64)
    local_start = models.CharField(max_length=19)
    duration_s = models.PositiveIntegerField()
    region = models.CharField(max_length=32)
    az = models.CharField(max_length=32, blank=True)
    horizon_days = models.PositiveIntegerField(default=60)
    looked_until = models.DateTimeField(null=True, blank=True)
    is_suspended = models.BooleanField(default=False)
    suspended_at = models.DateTimeField(null=True, blank=True)
    suspended_by_name = models.CharField(max_length=120, blank=True)

    class Meta:
        indexes = (models.Index(fields=("due_at",), name="schedule_due"),)


class MissedOccurrence(AppendOnly):
    """An occurrence that yielded no edition, or one that nobody took live, and why.

    What was missed is never caught up.
    """

    schedule = models.ForeignKey(Schedule, on_delete=models.PROTECT, related_name="missed")
    occurrence_key = models.CharField(max_length=40)
    starts_at = models.DateTimeField()
    reason = models.CharField(max_length=300)
    noted_at = models.DateTimeField()

    class Meta:
        ordering = ("-starts_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("schedule", "occurrence_key"), name="one_row_per_missed_occurrence"
            ),
        )
