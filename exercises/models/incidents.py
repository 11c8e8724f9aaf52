"""Incidents that other tools report: while one is open nothing starts where it lies."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from exercises.models.accounts import CloudAccount
from exercises.models.base import Record
from exercises.models.people import Team, User

SEVERITIES = (("low", "Low"), ("medium", "Medium"), ("high", "High"), ("critical", "Critical"))


class Incident(Record):
    """`source` and `external_id` name it where it comes from. Empty scopes mean everything.

    `stops` says that what runs there is stopped, too, also what began in the same moment.
    """

    source = models.CharField(max_length=60, blank=True)
    external_id = models.CharField(max_length=120)
    title = models.CharField(max_length=200)
    severity = models.CharField(max_length=8, choices=SEVERITIES)
    environments = models.JSONField(default=list, blank=True)
    accounts = models.ManyToManyField(CloudAccount, blank=True)
    teams = models.ManyToManyField(Team, blank=True)
    stops = models.BooleanField(default=False)
    reported_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ("-opened_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("source", "external_id"), name="one_incident_a_source_and_id"
            ),
        )
        indexes = (
            models.Index(
                fields=("opened_at",), name="incident_open", condition=Q(resolved_at__isnull=True)
            ),
        )

    def __str__(self) -> str:
        return self.title
