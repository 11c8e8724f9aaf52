"""The three answers with which an exercise closes."""

from __future__ import annotations

from django.db import models

from exercises.models.base import Record
from exercises.models.exercises import Exercise
from exercises.models.people import User

RESILIENT = (("yes", "Yes"), ("partly", "In part"), ("no", "No"))


class DebriefAnswers(Record):
    """Was it resilient, what surprised us, what do we share. Kept while the debrief is open."""

    exercise = models.OneToOneField(
        Exercise, on_delete=models.PROTECT, related_name="debrief_answers"
    )
    was_resilient = models.CharField(max_length=6, choices=RESILIENT)
    surprised_us = models.TextField()
    we_share = models.TextField()
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Answers of {self.exercise}"
