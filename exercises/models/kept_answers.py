"""What the API answered to a request that carried an Idempotency-Key."""

from __future__ import annotations

from django.db import models

from exercises.models.base import Record
from exercises.models.people import User


class KeptAnswer(Record):
    """One key of one person. `status` is NULL from the beginning of the request until its
    answer is kept: a process that dies in between leaves it so.

    `fingerprint` is SHA-256 of method, path and body, so that a key is not used for another
    request. Kept for a day (services.kept_answers).
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    body = models.JSONField(null=True, blank=True)
    begun_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("user", "key"), name="one_answer_per_key_and_person"),
        )
