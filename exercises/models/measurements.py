"""What was hit and what was measured in a run."""

from __future__ import annotations

from django.db import models

from exercises.models.base import Record
from exercises.models.runs import Run


class ResolvedTarget(Record):
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="targets")
    target_name = models.CharField(max_length=64)
    resource_type = models.CharField(max_length=64)
    arn = models.CharField(max_length=400)
    az = models.CharField(max_length=32, blank=True)
    label = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("run", "target_name", "arn"), name="one_row_per_resolved_target"
            ),
        )


class Sample(Record):
    """One reading of a probe. NULL is "no data", which is never fine."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="samples")
    probe = models.CharField(max_length=60)
    at = models.DateTimeField()
    value = models.FloatField(null=True)

    class Meta:
        ordering = ("at",)
        constraints = (
            models.UniqueConstraint(fields=("run", "probe", "at"), name="one_sample_an_instant"),
        )
