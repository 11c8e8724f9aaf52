"""Exercises and who takes part in them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from exercises.domain.actors import Actor
from exercises.domain.exercise_phases import Phase
from exercises.domain.times import Window
from exercises.models.applications import Application
from exercises.models.base import Record
from exercises.models.people import User
from exercises.models.schedules import Programme, Schedule

KINDS = (
    ("itee", "Exercise"),
    ("self_service", "Self-service experiment"),
    ("game_day", "Game day"),
)


class ExerciseQuerySet(models.QuerySet["Exercise"]):
    def visible_to(self, actor: Actor) -> ExerciseQuerySet:
        """Exercises of the organisation are for everyone signed in; a self-service
        experiment is for its team and for the roles that look across teams."""
        if not actor.is_active or (actor.user_id is None and not actor.is_system):
            return self.none()
        if actor.is_system or actor.org_roles:
            return self
        return self.filter(
            ~Q(kind="self_service") | Q(experiments__application__team__in=list(actor.team_roles))
        ).distinct()


class Exercise(Record):
    """One event with a window, a lead and a safety officer. Its phase is a fact, not a plan."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=20, choices=KINDS, default="itee")
    programme = models.ForeignKey(
        Programme, null=True, blank=True, on_delete=models.PROTECT, related_name="exercises"
    )
    schedule = models.ForeignKey(Schedule, null=True, blank=True, on_delete=models.PROTECT)
    occurrence_key = models.CharField(max_length=40, blank=True)
    goal = models.TextField(blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    timezone = models.CharField(max_length=64, default="Europe/Berlin")
    region = models.CharField(max_length=32)
    az = models.CharField(max_length=32, blank=True)
    lead = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    safety_officer = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    bridge_url = models.URLField(blank=True)
    phase = models.CharField(
        max_length=12, default=Phase.PLAN.value, choices=[(p.value, p.value) for p in Phase]
    )
    went_live_at = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    no_go_holds = models.CharField(
        max_length=12,
        default="participant",
        choices=(("participant", "Only its own experiments"), ("exercise", "The whole exercise")),
    )
    cancelled_because = models.CharField(max_length=500, blank=True)
    is_imported = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ExerciseQuerySet.as_manager()

    class Meta:
        ordering = ("-starts_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("schedule", "occurrence_key"),
                condition=Q(schedule__isnull=False),
                name="one_edition_per_occurrence",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=models.F("starts_at")), name="exercise_ends_after_it_starts"
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def window(self) -> Window:
        return Window(self.starts_at, self.ends_at)

    @property
    def code(self) -> str:
        """What is typed to start it: ITEE-2026-11."""
        return f"{self.kind.replace('_', '-')}-{self.slug}".upper()


class Participation(Record):
    """An application's place in an exercise.

    `on_call` is a name; `on_call_person` is who it is, when that is somebody we know. `is_go`
    is the word of the team before and while the exercise is live; None while it owes one.
    """

    ANSWERS = (("invited", "Invited"), ("accepted", "Accepted"), ("declined", "Declined"))

    exercise = models.ForeignKey(Exercise, on_delete=models.CASCADE, related_name="participations")
    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="participations"
    )
    answer = models.CharField(max_length=10, choices=ANSWERS, default="invited")
    on_call = models.CharField(max_length=120, blank=True)
    on_call_person = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    acknowledged_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    is_go = models.BooleanField(null=True, blank=True)
    go_reason = models.CharField(max_length=500, blank=True)
    go_said_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    go_said_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("application__name",)
        constraints = (
            models.UniqueConstraint(
                fields=("exercise", "application"), name="one_participation_per_application"
            ),
        )
