"""Going live: the words of the two people who start an exercise, and the hold points
between its waves.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.db.models import F, Q

from exercises.models.append_only import AppendOnly
from exercises.models.base import Record
from exercises.models.exercises import Exercise
from exercises.models.experiments import Experiment
from exercises.models.people import User

ANSWER_WITHIN = timedelta(minutes=5)
"""How long the lead's word waits for the safety officer's."""


class GoRequest(AppendOnly):
    """The lead's Go, where a second person must say it too. `readiness` is the digest of
    what was ready and what would start at that moment."""

    exercise = models.ForeignKey(Exercise, on_delete=models.PROTECT, related_name="go_requests")
    said_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    session = models.CharField(max_length=64)
    said_at = models.DateTimeField()
    valid_until = models.DateTimeField()
    readiness = models.CharField(max_length=64)

    class Meta:
        ordering = ("-said_at", "-id")


class GoTry(AppendOnly):
    """A code that was typed wrong; they are counted for each request."""

    request = models.ForeignKey(GoRequest, on_delete=models.PROTECT, related_name="tries")
    tried_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()


class GoPair(AppendOnly):
    """Both have said Go: two people, two sessions, five minutes. PostgreSQL checks it too.

    `experiment` is set for one on its own, which may be moved and then takes another pair.
    """

    exercise = models.ForeignKey(Exercise, on_delete=models.PROTECT, related_name="go_pairs")
    experiment = models.ForeignKey(
        Experiment, null=True, blank=True, on_delete=models.PROTECT, related_name="go_pairs"
    )
    request = models.OneToOneField(GoRequest, on_delete=models.PROTECT, related_name="pair")
    lead = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    lead_session = models.CharField(max_length=64)
    lead_at = models.DateTimeField()
    safety = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    safety_session = models.CharField(max_length=64)
    safety_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("exercise",),
                condition=Q(experiment__isnull=True),
                name="one_go_of_an_exercise",
            ),
            models.CheckConstraint(condition=~Q(lead=F("safety")), name="go_takes_two_people"),
            models.CheckConstraint(
                condition=~Q(lead_session=F("safety_session")), name="go_takes_two_sessions"
            ),
            models.CheckConstraint(
                condition=Q(safety_at__gte=F("lead_at"))
                & Q(safety_at__lte=F("lead_at") + ANSWER_WITHIN),
                name="go_is_answered_in_time",
            ),
        )


class HoldPoint(Record):
    """After this wave the next one waits for the lead's word."""

    exercise = models.ForeignKey(Exercise, on_delete=models.CASCADE, related_name="hold_points")
    after_wave = models.PositiveSmallIntegerField()
    continued_at = models.DateTimeField(null=True, blank=True)
    continued_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("after_wave",)
        constraints = (
            models.UniqueConstraint(
                fields=("exercise", "after_wave"), name="one_hold_point_after_a_wave"
            ),
            models.CheckConstraint(
                condition=Q(continued_at__isnull=True) | Q(continued_by__isnull=False),
                name="a_person_continues",
            ),
        )
