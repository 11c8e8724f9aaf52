"""What people add to the confidence ladder: mentors asked, sign-offs and overrides.

Levels themselves are worked out (domain.ladder) and never stored.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from exercises.models.append_only import AppendOnly
from exercises.models.applications import Application
from exercises.models.base import Record
from exercises.models.experiments import Experiment
from exercises.models.people import Team, User


class MentorRequest(Record):
    """Somebody of a team that is further on was asked to help with a family of failures."""

    ANSWERS = (("asked", "Asked"), ("accepted", "Accepted"), ("declined", "Declined"))

    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="mentor_requests"
    )
    failure_family = models.SlugField(max_length=60)
    mentor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="mentor_requests")
    mentor_team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="mentor_requests")
    message = models.CharField(max_length=500, blank=True)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    answer = models.CharField(max_length=10, choices=ANSWERS, default="asked")
    reason = models.CharField(max_length=500, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-asked_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("application", "failure_family", "mentor"),
                condition=~Q(answer="declined"),
                name="one_mentor_request_at_a_time",
            ),
        )

    def __str__(self) -> str:
        return f"{self.mentor} for {self.application}"


class MentorSignOff(AppendOnly):
    """A mentor agreed to the first run in production. `experiment` is what they looked at."""

    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="mentor_sign_offs"
    )
    failure_family = models.SlugField(max_length=60)
    experiment = models.ForeignKey(
        Experiment, on_delete=models.PROTECT, related_name="mentor_sign_offs"
    )
    digest = models.CharField(max_length=64)
    mentor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="mentor_sign_offs")
    mentor_team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="mentor_sign_offs")
    note = models.CharField(max_length=500, blank=True)
    signed_at = models.DateTimeField()
    valid_until = models.DateTimeField()

    class Meta:
        ordering = ("-signed_at", "-id")


class LadderOverride(AppendOnly):
    """A programme lead opened a level without its evidence, for a while and with a reason."""

    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="ladder_overrides"
    )
    failure_family = models.SlugField(max_length=60)
    level = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=500)
    granted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    granted_at = models.DateTimeField()
    valid_until = models.DateTimeField()

    class Meta:
        ordering = ("-granted_at", "-id")
