"""What somebody expected of an experiment before it ran. Said anew, the last word counts."""

from __future__ import annotations

from django.db import models

from exercises.models.append_only import AppendOnly
from exercises.models.experiments import Experiment
from exercises.models.people import User


class Prediction(AppendOnly):
    experiment = models.ForeignKey(Experiment, on_delete=models.PROTECT, related_name="predictions")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    holds = models.BooleanField()
    recovery_s = models.PositiveIntegerField(null=True, blank=True)
    because = models.CharField(max_length=500, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ("made_at", "id")

    def __str__(self) -> str:
        return f"{'holds' if self.holds else 'does not hold'}: {self.experiment}"
