"""API tokens: only their hash is kept."""

from __future__ import annotations

from django.db import models

from exercises.models.base import Record
from exercises.models.people import User


class ApiToken(Record):
    """A token acts as its user, never with more than its scopes.

    `issued_by` is the person who had a team's token made; empty for a person's own.
    `prefix` is the readable start, shown in lists; `digest` is SHA-256 of the whole token.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=16)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    issued_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    @property
    def vouched_by(self) -> frozenset[int]:
        """Who had it made for a team's service; nobody for a person's own."""
        return frozenset() if self.issued_by_id is None else frozenset({self.issued_by_id})

    class Meta:
        ordering = ("-created_at",)
