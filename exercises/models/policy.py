"""The policy's versions: who proposed each and why, and who put it in force.

Version 1 is built in (domain.policy_document.default_rules) and has no row.
"""

from __future__ import annotations

from django.db import models

from exercises.models.append_only import AppendOnly
from exercises.models.people import User


class PolicyVersion(AppendOnly):
    """One proposed version of the rules. In force once somebody else has activated it."""

    number = models.PositiveIntegerField(unique=True)
    rules = models.JSONField()
    digest = models.CharField(max_length=64)
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("-number",)

    def __str__(self) -> str:
        return f"Policy v{self.number}"


class PolicyActivation(AppendOnly):
    """A version was put in force, by another person than its author. The last one counts."""

    version = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="activations")
    activated_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    active_from = models.DateTimeField()

    class Meta:
        ordering = ("-id",)
