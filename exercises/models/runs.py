"""Runs: one execution of an experiment, with its events."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from exercises.domain.actors import Actor
from exercises.domain.run_states import TERMINAL, RunState
from exercises.domain.target_accounts import KEY, target_accounts
from exercises.domain.verdicts import RunVerdict
from exercises.models.accounts import AccountRegion, further_places
from exercises.models.append_only import AppendOnly
from exercises.models.base import Record
from exercises.models.due_work import DueWork
from exercises.models.exercises import Exercise
from exercises.models.experiments import Experiment, ExperimentRevision
from exercises.models.people import User

TERMINAL_VALUES = tuple(sorted(state.value for state in TERMINAL))


class RunQuerySet(models.QuerySet["Run"]):
    def visible_to(self, actor: Actor) -> RunQuerySet:
        return self.filter(experiment__in=Experiment.objects.visible_to(actor))

    def unfinished(self) -> RunQuerySet:
        return self.exclude(state__in=TERMINAL_VALUES)

    def reaching(self, place: AccountRegion) -> RunQuerySet:
        """Runs that may hit something in this place: theirs, or a target account of theirs."""
        account = [{"accountId": place.account.account_id}]
        reached = {f"revision__plan__definition__{KEY}__contains": account}
        return self.filter(
            Q(experiment__deployment__place=place)
            | Q(experiment__deployment__place__region=place.region, **reached)
        )

    def watched(self) -> RunQuerySet:
        """Runs the engine knows and that are not judged yet: to be observed."""
        return self.exclude(experiment_ref="").filter(Q(judged_at__isnull=True, is_imported=False))


class Run(DueWork):
    """One execution. State is what the machine did; verdict is what we learned.

    `token` is the engine's client token: one for the life of the run, whatever happens.
    `stop_requested_at` is a latch: once set, a trigger keeps it set. `due_at` (of DueWork)
    is the slot as an instant; NULL once the start is settled. `recheck_at` is the delayed
    check: a run that has held so far is watched and has no verdict before it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    experiment = models.ForeignKey(Experiment, on_delete=models.PROTECT, related_name="runs")
    revision = models.ForeignKey(ExperimentRevision, on_delete=models.PROTECT)
    is_rehearsal = models.BooleanField(default=False)
    state = models.CharField(
        max_length=14,
        default=RunState.SCHEDULED.value,
        choices=[(s.value, s.value) for s in RunState],
    )
    state_reason = models.CharField(max_length=500, blank=True)
    token = models.CharField(max_length=64, unique=True)
    template_ref = models.CharField(max_length=64, blank=True)
    experiment_ref = models.CharField(max_length=64, blank=True)
    scheduled_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    stop_requested_at = models.DateTimeField(null=True, blank=True)
    stop_requested_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    observed_at = models.DateTimeField(null=True, blank=True)
    sampled_until = models.DateTimeField(null=True, blank=True)
    settle_until = models.DateTimeField(null=True, blank=True)
    recheck_at = models.DateTimeField(null=True, blank=True)
    engine_status = models.CharField(max_length=20, blank=True)
    actions = models.JSONField(default=list)
    fleet = models.JSONField(default=list)
    alarms = models.JSONField(default=list)
    archive = models.JSONField(default=dict)
    verdict = models.CharField(
        max_length=12, blank=True, choices=[(v.value, v.value) for v in RunVerdict]
    )
    verdict_reason = models.CharField(max_length=500, blank=True)
    judgement = models.JSONField(default=dict)
    judged_at = models.DateTimeField(null=True, blank=True)
    scheduled_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    is_imported = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ("scheduled_at", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("experiment",),
                condition=Q(is_rehearsal=False) & ~Q(state__in=TERMINAL_VALUES),
                name="one_open_run_per_experiment",
            ),
            models.UniqueConstraint(
                fields=("experiment_ref",),
                condition=~Q(experiment_ref=""),
                name="one_run_per_engine_experiment",
            ),
        )
        indexes = (
            models.Index(fields=("scheduled_at", "id"), name="run_in_order"),
            models.Index(fields=("due_at",), name="run_due", condition=Q(due_at__isnull=False)),
            models.Index(
                fields=("state",), name="run_unfinished", condition=~Q(state__in=TERMINAL_VALUES)
            ),
            models.Index(
                fields=("id",),
                name="run_watched",
                condition=Q(judged_at__isnull=True, is_imported=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.experiment} ({self.state})"

    @property
    def account_ids(self) -> tuple[str, ...]:
        """Every account that it may hit, as approved, its own first, known here or not."""
        own = self.experiment.deployment.place.account.account_id
        named = target_accounts(self.revision.plan.get("definition", {}))
        return own, *(each.account_id for each in named if each.account_id != own)

    def places(self) -> list[AccountRegion]:
        """Every account and Region that it may hit, as approved, its own first."""
        own = self.experiment.deployment.place
        return [own, *further_places(own, self.account_ids)]


class RunEvent(AppendOnly):
    """A line of the event log: of a run, or of the exercise as a whole."""

    exercise = models.ForeignKey(Exercise, on_delete=models.PROTECT, related_name="events")
    run = models.ForeignKey(
        Run, null=True, blank=True, on_delete=models.PROTECT, related_name="events"
    )
    at = models.DateTimeField()
    kind = models.CharField(max_length=40)
    text = models.CharField(max_length=1000)
    source = models.CharField(max_length=120, blank=True)
    author = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    details = models.JSONField(default=dict)

    class Meta:
        ordering = ("-at", "-id")
        indexes = (models.Index(fields=("exercise", "-at"), name="event_of_exercise"),)


class Pin(Record):
    """Marks a line of the log for the debrief."""

    event = models.OneToOneField(RunEvent, on_delete=models.PROTECT, related_name="pin")
    pinned_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    pinned_at = models.DateTimeField(auto_now_add=True)
