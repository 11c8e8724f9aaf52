"""What people add to a report: its headline and the decisions it asks for."""

from __future__ import annotations

from django.db import models

from exercises.models.append_only import AppendOnly
from exercises.models.people import User


class ReportBrief(AppendOnly):
    """One wording for one period. The newest counts; the earlier ones stay readable.

    `decisions` are rows of {"title", "detail"}. Numbers are never kept here: they are
    counted anew from what ran.
    """

    period = models.CharField(max_length=7)
    number = models.PositiveIntegerField()
    headline = models.CharField(max_length=120, blank=True)
    decide_by = models.DateField(null=True, blank=True)
    decisions = models.JSONField(default=list)
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("period", "-number")
        constraints = (
            models.UniqueConstraint(fields=("period", "number"), name="one_row_per_report_wording"),
        )

    def __str__(self) -> str:
        return f"{self.period}, wording {self.number}"


class ClauseVersion(AppendOnly):
    """The table of clauses as somebody wrote it. The newest counts, earlier ones stay."""

    number = models.PositiveIntegerField(unique=True)
    document = models.JSONField()
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-number",)

    def __str__(self) -> str:
        return f"clauses, version {self.number}"
