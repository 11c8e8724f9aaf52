"""Could this hit you? A finding asked of an application that is built alike, and the answer."""

from __future__ import annotations

from django.db import models

from exercises.models.applications import Application
from exercises.models.base import Record
from exercises.models.experiments import Experiment
from exercises.models.findings import Finding
from exercises.models.people import User


class FindingQuestion(Record):
    """One finding, one look-alike. `experiment` is what its team proposed to find out."""

    ANSWERS = (
        ("yes", "Yes, it could"),
        ("no", "No"),
        ("unknown", "Not known yet"),
    )

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="questions")
    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="finding_questions"
    )
    shared_tags = models.JSONField(default=list)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    answer = models.CharField(max_length=8, choices=ANSWERS, blank=True)
    because = models.TextField(blank=True)
    answered_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)
    experiment = models.ForeignKey(
        Experiment, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ("application__name", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("finding", "application"), name="one_question_a_look_alike"
            ),
        )

    def __str__(self) -> str:
        return f"{self.finding.code} asked of {self.application}"
