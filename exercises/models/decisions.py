"""Decisions on what is proposed: by a person, in a capacity, on a digest, until a time."""

from __future__ import annotations

from django.db import models

from exercises.models.append_only import AppendOnly
from exercises.models.experiments import Experiment
from exercises.models.people import User


class Decision(AppendOnly):
    """One person's word on exactly one content. Never changed; a new word is a new row."""

    experiment = models.ForeignKey(Experiment, on_delete=models.PROTECT, related_name="decisions")
    digest = models.CharField(max_length=64)
    verdict = models.CharField(max_length=20)
    capacity = models.CharField(max_length=20)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="decisions")
    reason = models.TextField(blank=True)
    valid_until = models.DateTimeField()
    decided_at = models.DateTimeField()
    policy = models.PositiveIntegerField(null=True, blank=True)
    """The policy version that asked for it; None for what was decided before there were any."""
    is_imported = models.BooleanField(default=False)

    class Meta:
        ordering = ("decided_at", "id")
        indexes = (models.Index(fields=("experiment", "digest"), name="decision_by_digest"),)
