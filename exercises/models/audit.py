"""The audit trail: who did what to what, chained by hash."""

from __future__ import annotations

from django.db import models

from exercises.models.append_only import AppendOnly


class AuditEntry(AppendOnly):
    """One act. `seq` comes from the chain, not from a sequence, so that a gap is a loss."""

    seq = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=120)
    door = models.CharField(max_length=20)
    action = models.CharField(max_length=60)
    object_type = models.CharField(max_length=40)
    object_id = models.CharField(max_length=64)
    details = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ("seq",)
        indexes = (models.Index(fields=("object_type", "object_id"), name="audit_of_object"),)
