"""Experiments and their immutable revisions: what is proposed, edited and approved."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from exercises.domain.actors import Actor
from exercises.domain.places import zone_words
from exercises.models.accounts import AccountRegion, further_places
from exercises.models.append_only import AppendOnly
from exercises.models.applications import Application, Deployment
from exercises.models.base import Record
from exercises.models.catalogue import TemplateVersion
from exercises.models.due_work import DueWork
from exercises.models.exercises import Exercise
from exercises.models.people import User

STATUSES = (
    ("draft", "Draft"),
    ("proposed", "Proposed"),
    ("withdrawn", "Withdrawn"),
    ("cancelled", "Cancelled"),
)


class ExperimentQuerySet(models.QuerySet["Experiment"]):
    def visible_to(self, actor: Actor) -> ExperimentQuerySet:
        """Drafts are the team's own; what is proposed is seen by all who see the exercise."""
        exercises = Exercise.objects.visible_to(actor)
        seen = self.filter(exercise__in=exercises)
        if actor.is_system or actor.org_roles:
            return seen
        return seen.filter(
            Q(status="proposed")
            | Q(application__team__in=list(actor.team_roles))
            | Q(author_id=actor.user_id)
        )

    def with_all(self) -> ExperimentQuerySet:
        """With everything that the rules about one ask for."""
        return self.select_related(
            "exercise",
            "application__team",
            "revision",
            "template_version__template",
            "deployment__place__account",
        )


class Experiment(Record):
    """An application × template version × parameters × place × slot, with its hypothesis.

    `slot_offset_s` counts from the start of its wave: from Go, or from the lead's word after
    the hold point before it. `revision` is the current content; what was approved
    is in the decisions, by digest.
    """

    exercise = models.ForeignKey(Exercise, on_delete=models.PROTECT, related_name="experiments")
    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="experiments"
    )
    deployment = models.ForeignKey(Deployment, on_delete=models.PROTECT, related_name="experiments")
    template_version = models.ForeignKey(TemplateVersion, on_delete=models.PROTECT)
    title = models.CharField(max_length=160)
    hypothesis = models.TextField(blank=True)
    parameters = models.JSONField(default=dict)
    steady_state = models.JSONField(default=list)
    expected_alarms = models.JSONField(default=list, db_default=[])
    """ARNs of the alarms that this fault should set off; one that stays silent is a finding."""
    also_in = models.JSONField(default=list, db_default=[])
    """Ids of further accounts that the same run hits, in the same Region (docs/teams)."""
    recheck_after_min = models.PositiveIntegerField(default=0, db_default=0)
    """When it is checked again, in planned minutes after the end of the fault; 0 is never."""
    az = models.CharField(max_length=32, blank=True)
    wave = models.PositiveSmallIntegerField(default=1)
    slot_offset_s = models.PositiveIntegerField(default=0)
    target_cap = models.PositiveIntegerField(default=5)
    status = models.CharField(max_length=10, choices=STATUSES, default="draft")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    proposed_at = models.DateTimeField(null=True, blank=True)
    vouched_by = models.JSONField(default=list, db_default=[])
    """Ids of the people behind a team's service that wrote or proposed it: authors like others."""
    revision = models.ForeignKey(
        "ExperimentRevision", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    retest_of = models.ForeignKey(
        "Finding", null=True, blank=True, on_delete=models.PROTECT, related_name="retests"
    )
    cancelled_because = models.CharField(max_length=500, blank=True)
    is_imported = models.BooleanField(default=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ExperimentQuerySet.as_manager()

    class Meta:
        ordering = ("wave", "slot_offset_s", "id")

    def __str__(self) -> str:
        return self.title

    @property
    def code(self) -> str:
        """The name people use: EXP-17."""
        return f"EXP-{self.pk}"

    @property
    def account_ids(self) -> tuple[str, ...]:
        """Every account that it hits as it is planned now, its own first."""
        return self.deployment.place.account.account_id, *self.also_in

    def places(self) -> list[AccountRegion]:
        """Every account and Region that it hits as it is planned now, its own first."""
        own = self.deployment.place
        return [own, *further_places(own, self.also_in)]

    @property
    def account_words(self) -> str:
        """The accounts that it hits by their names, the one that it runs in first."""
        own, *others = (place.account.name for place in self.places())
        return ", ".join([f"{own} (orchestrator)", *others]) if others else own

    @property
    def zone_words(self) -> str:
        """The zone by its name in this account and by its id, as far as they are known."""
        return zone_words(self.az, self.deployment.place.az_ids)


class ExperimentRevision(AppendOnly):
    """The content of an experiment at one moment: the plan document and its digest.

    `target_count` and `targets` are what the definition resolved to when it was written.
    """

    experiment = models.ForeignKey(Experiment, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=64, db_index=True)
    plan = models.JSONField()
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("experiment", "-number")
        constraints = (
            models.UniqueConstraint(fields=("experiment", "number"), name="one_row_per_revision"),
        )


class TargetPreview(Record):
    """The last look at what a definition would hit, and how old it is."""

    experiment = models.OneToOneField(Experiment, on_delete=models.CASCADE, related_name="preview")
    digest = models.CharField(max_length=64)
    targets = models.JSONField(default=list)
    fleet = models.JSONField(default=list)
    problem = models.CharField(max_length=500, blank=True)
    resolved_at = models.DateTimeField()


class PreflightCheck(DueWork):
    """One question asked before going live, its answer and its age.

    `due_at` (of DueWork) is when it is asked again by itself, so that its answer has not aged
    out when it is needed.
    """

    experiment = models.ForeignKey(
        Experiment, on_delete=models.CASCADE, related_name="preflight_checks"
    )
    key = models.CharField(max_length=40)
    label = models.CharField(max_length=120)
    status = models.CharField(max_length=10)
    message = models.CharField(max_length=500, blank=True)
    digest = models.CharField(max_length=64)
    seen = models.CharField(max_length=64, blank=True, default="", db_default="")
    """A digest of what the answer is about, where the start gate asks for the very same: of
    the settings of the alarms. Empty for answers that note none."""
    checked_at = models.DateTimeField()

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("experiment", "key"), name="one_answer_per_check"),
        )
        indexes = (
            models.Index(fields=("due_at",), name="check_due", condition=Q(due_at__isnull=False)),
        )
