"""The audit trail: who did what to what, chained by hash."""

from __future__ import annotations

from django.db import models

from exercises.models.append_only import AppendOnly
from exercises.models.base import Record


class AuditEntry(AppendOnly):
    """One act. `seq` comes from the chain, not from a sequence, so that a gap is a loss.

    `actor_name` is the mark of an AuditName where a person acted, and so are personal values
    of `details`. Entries from before there were marks have the name itself.
    """

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


class AuditName(Record):
    """A name that the trail holds as a salted digest only, so that it can be forgotten.

    `mark` is that digest; the chain covers it and so the name, as long as it is here. Name and
    salt are empty once the person has been forgotten.
    """

    mark = models.CharField(max_length=66, unique=True)
    person_id = models.BigIntegerField(null=True, db_index=True)
    salt = models.CharField(max_length=32, blank=True)
    name = models.CharField(max_length=254, blank=True)

    class Meta:
        indexes = (models.Index(fields=("name",), name="audit_name_by_name"),)
