"""Whether a run left anything behind: how it was before and after, and what became of it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from exercises.domain.clean_ups import CleanUpState
from exercises.models.append_only import AppendOnly
from exercises.models.due_work import DueWork
from exercises.models.people import User
from exercises.models.runs import Run

MOMENTS = (("before", "Before the start"), ("after", "After the end"))


class RunSnapshot(AppendOnly):
    """How everything was that the run may leave changed (domain.snapshots), with its hash.

    `changes` says what was different from before, of a look after the end.
    """

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="snapshots")
    moment = models.CharField(max_length=6, choices=MOMENTS)
    taken_at = models.DateTimeField()
    document = models.JSONField()
    hash = models.CharField(max_length=64)
    changes = models.JSONField(default=list)

    class Meta:
        ordering = ("taken_at", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("run",), condition=Q(moment="before"), name="one_snapshot_before_a_run"
            ),
        )


class CleanUp(DueWork):
    """The comparison of one run, looked at until nothing is left or people have to see to it.

    `left` are the residual faults of the newest look; `problem` says why AWS could not be
    asked. `certificate` is what a clean run is certified by, `hash` its SHA-256.
    """

    run = models.OneToOneField(Run, on_delete=models.PROTECT, related_name="clean_up")
    state = models.CharField(
        max_length=8,
        default=CleanUpState.WAITING.value,
        choices=[(s.value, s.label) for s in CleanUpState],
    )
    looks = models.PositiveIntegerField(default=0)
    looked_at = models.DateTimeField(null=True, blank=True)
    left = models.JSONField(default=list)
    problem = models.CharField(max_length=500, blank=True)
    certificate = models.JSONField(default=dict)
    hash = models.CharField(max_length=64, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    asked_at = models.DateTimeField(null=True, blank=True)
    """Since when it is people's task."""
    done_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    done_at = models.DateTimeField(null=True, blank=True)
    waived_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    waived_because = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("id",)
        indexes = (
            models.Index(
                fields=("due_at",), name="clean_up_due", condition=Q(due_at__isnull=False)
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=~Q(state="waived") | Q(waived_by__isnull=False) & ~Q(waived_because=""),
                name="a_waived_residue_has_a_name_and_a_reason",
            ),
        )

    def __str__(self) -> str:
        return f"clean-up of {self.run}"
