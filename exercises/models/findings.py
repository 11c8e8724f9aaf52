"""Findings: what was learned, until a re-run proves it fixed."""

from __future__ import annotations

from typing import Final

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import Q, Value

from exercises.domain.actors import Actor
from exercises.domain.finding_states import FindingState
from exercises.models.append_only import AppendOnly
from exercises.models.applications import Application
from exercises.models.base import Record
from exercises.models.exercises import Exercise
from exercises.models.people import User
from exercises.models.runs import Run

LANGUAGE: Final = Value("english")
"""How PostgreSQL reads the words of findings and pages; a search must say the same."""


class FindingQuerySet(models.QuerySet["Finding"]):
    def visible_to(self, actor: Actor) -> FindingQuerySet:
        """Accepted findings are shared knowledge; drafts belong to the team until accepted."""
        if actor.is_system or actor.org_roles:
            return self
        if actor.user_id is None or not actor.is_active:
            return self.none()
        return self.filter(
            ~Q(state__in=[FindingState.DRAFT.value, FindingState.DISMISSED.value])
            | Q(application__team__in=list(actor.team_roles))
        )


class Finding(Record):
    exercise = models.ForeignKey(Exercise, on_delete=models.PROTECT, related_name="findings")
    run = models.ForeignKey(
        Run, null=True, blank=True, on_delete=models.PROTECT, related_name="findings"
    )
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="findings")
    title = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    severity = models.PositiveSmallIntegerField(default=2)
    failure_family = models.SlugField(max_length=60)
    state = models.CharField(
        max_length=12,
        default=FindingState.DRAFT.value,
        choices=[(s.value, s.value) for s in FindingState],
    )
    owner = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="owned_findings"
    )
    due_on = models.DateField(null=True, blank=True)
    waived_until = models.DateField(null=True, blank=True)
    waived_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    """Who took the risk of leaving it as it is, and until when: the day it is due, then."""
    tracker_url = models.URLField(blank=True)
    evidence = models.JSONField(default=dict)
    is_drafted = models.BooleanField(default=False)
    alarm = models.CharField(max_length=400, blank=True, default="", db_default="")
    """The ARN of the alarm that stayed silent, where the finding was drafted for that."""
    resource = models.CharField(max_length=400, blank=True, default="", db_default="")
    """The ARN of what a rollback left changed, where the finding was drafted for that."""
    verified_by_run = models.ForeignKey(
        Run, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    is_imported = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    words = models.GeneratedField(
        expression=SearchVector("title", weight="A", config=LANGUAGE)
        + SearchVector("body", weight="B", config=LANGUAGE),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = FindingQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("run", "alarm", "resource"),
                condition=Q(is_drafted=True),
                name="one_drafted_finding_a_run_and_cause",
            ),
        )
        indexes = (GinIndex(fields=("words",), name="finding_words"),)

    def __str__(self) -> str:
        return self.title

    @property
    def found_in(self) -> str:
        """Where, in words for everybody: a team's own experiment keeps its name to itself."""
        is_own = self.exercise.kind == "self_service"
        return "an experiment of the team's own" if is_own else self.exercise.name

    @property
    def code(self) -> str:
        """The name people use: F-12."""
        return f"F-{self.pk}"


class FindingNote(AppendOnly):
    """A step in the life of a finding, or a word on it."""

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="notes")
    at = models.DateTimeField()
    author = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    from_state = models.CharField(max_length=12, blank=True)
    to_state = models.CharField(max_length=12, blank=True)
    text = models.TextField(blank=True)

    class Meta:
        ordering = ("at", "id")


class FindingEvidence(AppendOnly):
    """What a run showed when it drafted a finding or brought it back, as it was then.

    `charts` are the fallen probes with their limits and points, `lines` the lines of the log.
    """

    REASONS = (
        ("drafted", "Found"),
        ("reopened", "Came back"),
        ("sent_back", "Retest did not hold"),
    )

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="kept_evidence")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=10, choices=REASONS)
    kept_at = models.DateTimeField()
    charts = models.JSONField(default=list)
    lines = models.JSONField(default=list)

    class Meta:
        ordering = ("kept_at", "id")
        constraints = (
            models.UniqueConstraint(fields=("finding", "run"), name="one_evidence_a_run"),
        )
