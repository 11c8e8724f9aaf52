"""One exercise as its pages show it: head, run sheet, experiments, approvals, pre-flight.

`web.exercises` calls one function a tab; each takes a constant number of queries, whatever
the number of experiments.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from exercises.domain.actors import Actor
from exercises.domain.approvals import ApprovalStatus
from exercises.domain.capacities import Capacity
from exercises.domain.exercise_phases import OVER
from exercises.domain.timeline import planned_duration_s
from exercises.models import Exercise, Experiment, Run, TargetPreview
from exercises.queries.approvals import approvals_shown
from exercises.queries.freezes import held_by_freeze
from exercises.queries.plans import planned_start
from exercises.queries.preflight import PreflightSummary, preflight_of


@dataclass(frozen=True)
class ExperimentRow:
    """An experiment of the exercise: its slot, its approvals, its pre-flight, its run."""

    experiment: Experiment
    required: tuple[Capacity, ...]
    approval: ApprovalStatus
    preflight: PreflightSummary
    run: Run | None
    starts_at: datetime
    duration_s: int
    held_by: tuple[str, ...] = ()  # the freezes in its slot

    @property
    def offset_s(self) -> int:
        return self.experiment.slot_offset_s

    @property
    def ends_s(self) -> int:
        return self.offset_s + self.duration_s

    @property
    def planned_at(self) -> datetime:
        """The slot on the clock, if its wave starts when the window opens."""
        return planned_start(self.experiment)

    @property
    def is_held(self) -> bool:
        """Waits at a hold point: its run has no instant but the end of the window."""
        run = self.run
        return (
            run is not None
            and run.state == "scheduled"
            and run.scheduled_at == self.experiment.exercise.ends_at
        )

    @property
    def granted_count(self) -> int:
        return len(self.required) - len(self.approval.missing)

    @property
    def dots(self) -> tuple[bool, ...]:
        """One a required approval, true where it is given."""
        return tuple(place < self.granted_count for place in range(len(self.required)))

    @property
    def status(self) -> str:
        """The key of `web.looks` that says where this experiment stands."""
        if self.run is not None:
            return self.run.state
        if self.experiment.status != "proposed":
            return self.experiment.status
        if self.approval.is_complete:
            return "frozen" if self.held_by else "approved"
        rules = {refusal.rule for refusal in self.approval.refusals}
        if "approval.declined" in rules:
            return "declined"
        return "changes" if "approval.changes_requested" in rules else "waiting"

    @property
    def bar(self) -> str:
        """How the slot is drawn on the run sheet."""
        if self.run is not None and self.run.state in {"running", "stopping", "completed"}:
            return "b-ok" if self.run.state == "completed" else "b"
        if self.run is not None and self.run.state in {"stopped", "skipped", "cancelled"}:
            return "b-skip"
        if self.preflight.failed or self.status in {"declined", "failed", "frozen"}:
            return "b-danger"
        return "b-plan" if self.status in {"approved", "scheduled"} else "b-wait"

    @property
    def problem(self) -> bool:
        needs_somebody = {"declined", "changes", "failed", "frozen"}
        return bool(self.preflight.failed) or self.status in needs_somebody


def exercise_of(actor: Actor, slug: str) -> Exercise | None:
    """The exercise, if this actor may see it."""
    return (
        Exercise.objects.visible_to(actor)
        .select_related("lead", "safety_officer", "programme", "schedule")
        .filter(slug=slug)
        .first()
    )


def experiment_rows(
    actor: Actor, exercise: Exercise, *, now: datetime
) -> tuple[ExperimentRow, ...]:
    """The experiments this actor sees, in the order of their slots, without withdrawn ones."""
    experiments = list(
        Experiment.objects.visible_to(actor)
        .filter(exercise=exercise)
        .exclude(status="withdrawn")
        .select_related(
            "exercise",
            "application__team",
            "revision",
            "template_version__template",
            "deployment__place__account",
        )
    )
    approvals = approvals_shown(experiments, now=now)
    runs = _runs(experiments)
    preflights = _preflights(experiments, runs, now)
    held = {} if exercise.phase in OVER else held_by_freeze(experiments, now=now)
    return tuple(
        ExperimentRow(
            experiment=experiment,
            required=approvals[experiment.pk].required,
            approval=approvals[experiment.pk],
            preflight=preflights[experiment.pk],
            run=runs.get(experiment.pk),
            starts_at=_starts_at(experiment, runs.get(experiment.pk)),
            duration_s=_duration_s(experiment),
            held_by=tuple(freeze.name for freeze in held.get(experiment.pk, ())),
        )
        for experiment in experiments
    )


def _starts_at(experiment: Experiment, run: Run | None) -> datetime:
    """When it began or is due; before Go, the slot if Go is said when the window opens."""
    if run is None:
        return planned_start(experiment)
    return run.started_at or run.scheduled_at


def _duration_s(experiment: Experiment) -> int:
    """Zero while the plan cannot be built yet."""
    revision = experiment.revision
    return planned_duration_s(revision.plan["definition"]) if revision else 0


def _preflights(
    experiments: list[Experiment], runs: dict[int, Run], now: datetime
) -> dict[int, PreflightSummary]:
    """As they stand; of what was started or is over, as they stood then."""

    def moment(experiment: Experiment) -> datetime:
        run, exercise = runs.get(experiment.pk), experiment.exercise
        if run is not None and run.asked_at is not None:
            return run.asked_at
        if exercise.phase in OVER:
            return exercise.went_live_at or exercise.starts_at
        return now

    return preflight_of(experiments, moment=moment)


def _runs(experiments: list[Experiment]) -> dict[int, Run]:
    """The latest run of each, rehearsals and cancelled ones apart."""
    rows = (
        Run.objects.filter(experiment__in=experiments, is_rehearsal=False)
        .exclude(state="cancelled")
        .order_by("scheduled_at", "created_at")
    )
    return {run.experiment_id: run for run in rows}


@dataclass(frozen=True)
class Rehearsal:
    """What a look at the account found: the targets, and the last rehearsal's outcome."""

    row: ExperimentRow
    preview: TargetPreview | None
    run: Run | None
    may_run: bool

    @property
    def is_current(self) -> bool:
        revision = self.row.experiment.revision
        return bool(self.preview and revision and self.preview.digest == revision.digest)

    @property
    def target_count(self) -> int:
        return len({target["arn"] for target in self.preview.targets}) if self.preview else 0

    @property
    def zones(self) -> tuple[tuple[str, int], ...]:
        """How many targets lie in each Availability Zone."""
        counts: dict[str, set[str]] = defaultdict(set)
        for target in self.preview.targets if self.preview else ():
            counts[str(target.get("az") or "no zone")].add(target["arn"])
        return tuple(sorted((zone, len(arns)) for zone, arns in counts.items()))


def rehearsals(
    rows: tuple[ExperimentRow, ...], *, may_run: dict[int, bool]
) -> tuple[Rehearsal, ...]:
    """The pre-flight tab: what is proposed, with its answers, targets and rehearsal."""
    proposed = [row for row in rows if row.experiment.status == "proposed"]
    ids = [row.experiment.pk for row in proposed]
    previews = {p.experiment_id: p for p in TargetPreview.objects.filter(experiment__in=ids)}
    runs = {
        run.experiment_id: run
        for run in Run.objects.filter(experiment__in=ids, is_rehearsal=True).order_by("created_at")
    }
    return tuple(
        Rehearsal(
            row=row,
            preview=previews.get(row.experiment.pk),
            run=runs.get(row.experiment.pk),
            may_run=may_run.get(row.experiment.pk, False),
        )
        for row in proposed
    )
