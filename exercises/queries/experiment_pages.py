"""Experiments as pages show them: the list, one experiment, and what a decision is about."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, QuerySet, Subquery

from exercises.domain.actors import Actor
from exercises.domain.approvals import ApprovalStatus
from exercises.domain.capacities import Capacity, label
from exercises.domain.digest import Change, changes
from exercises.domain.errors import Invalid, Refusal
from exercises.domain.steady_state import ProbeSpec, limit_words, probes_from_json, stop_words
from exercises.domain.stop_alarms import name_of
from exercises.domain.timeline import planned_duration_s
from exercises.models import Decision, Experiment, ExperimentRevision, Run, TargetPreview
from exercises.queries.approvals import approvals_shown
from exercises.queries.inbox import DECIDED_IN
from exercises.queries.plans import planned_start
from exercises.queries.policy_checks import PolicyCheck, policy_checks
from exercises.queries.target_view import TargetView, target_view

STATUSES = ("draft", "proposed", "withdrawn")
VERDICTS = ("held", "not_held", "inconclusive")


@dataclass(frozen=True, slots=True)
class ExperimentRow:
    """One line of a list of experiments."""

    experiment: Experiment
    state: str
    granted: int
    required: int
    verdict: str


@dataclass(frozen=True, slots=True)
class Step:
    """One approval that is needed: whose, and what became of it."""

    label: str
    state: str
    who: str = ""
    reason: str = ""
    at: datetime | None = None
    until: datetime | None = None
    """Until when it counts."""


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """What differs from the content that was last approved or last ran."""

    since: str
    at: datetime
    rows: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class ProbeLine:
    name: str
    is_business: bool
    limit: str
    grace_s: int
    stops: str = ""
    """When it stops its run; empty when it never does."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Everything one decides on."""

    experiment: Experiment
    state: str
    status: ApprovalStatus
    steps: tuple[Step, ...]
    targets: TargetView | None
    checks: tuple[PolicyCheck, ...]
    changed: ChangeSet | None
    comments: tuple[Decision, ...]
    probes: tuple[ProbeLine, ...]
    slot: datetime
    duration_s: int | None
    own_label: str

    @property
    def granted_count(self) -> int:
        return sum(step.state == "done" for step in self.steps)

    @property
    def by_policy(self) -> str:
        """Says so when no person had to agree."""
        alone = self.state == "approved" and self.status.is_by_policy_alone
        return f"Approved by policy v{self.status.policy}" if alone else ""

    @property
    def expected_alarms(self) -> tuple[str, ...]:
        """The names of the alarms that should fire."""
        return tuple(name_of(arn) for arn in self.experiment.expected_alarms)

    @property
    def hesitations(self) -> tuple[PolicyCheck, ...]:
        """The reasons to hesitate: what one reads first."""
        return tuple(check for check in self.checks if check.status in {"fail", "warn"})

    @property
    def kept_rules(self) -> tuple[PolicyCheck, ...]:
        return tuple(check for check in self.checks if check.status not in {"fail", "warn"})

    @property
    def objections(self) -> tuple[Refusal, ...]:
        """What speaks against it beyond approvals that are simply not there yet."""
        return tuple(r for r in self.status.refusals if r.rule != "approval.missing")


def shown_state(experiment: Experiment, status: ApprovalStatus) -> str:
    """The key of the pill: drafts and withdrawn ones as they are, proposals by approvals."""
    if experiment.status != "proposed":
        return experiment.status
    if status.is_complete:
        return "approved"
    if experiment.exercise.phase not in DECIDED_IN:
        return "not_approved"
    rules = {refusal.rule for refusal in status.refusals}
    if "approval.declined" in rules:
        return "declined"
    return "changes" if "approval.changes_requested" in rules else "waiting"


def listed_experiments(
    actor: Actor, *, status: str = "", verdict: str = "", team: str = "", text: str = ""
) -> QuerySet[Experiment]:
    """The experiments this actor sees, newest first, filtered. Unknown filters find nothing."""
    last_verdict = (
        Run.objects.filter(experiment=OuterRef("pk"), is_rehearsal=False)
        .exclude(verdict="")
        .order_by("-scheduled_at")
    )
    found = (
        Experiment.objects.visible_to(actor)
        .select_related(
            "exercise",
            "application__team",
            "revision",
            "template_version__template",
            "deployment__place__account",
        )
        .annotate(last_verdict=Subquery(last_verdict.values("verdict")[:1]))
        .order_by("-exercise__starts_at", "slot_offset_s", "-id")
    )
    if status:
        found = found.filter(status=status)
    if verdict:
        found = found.filter(last_verdict=verdict)
    if team:
        found = found.filter(application__team__slug=team)
    for word in text.split()[:8]:
        found = found.filter(title__icontains=word) | _by_code(found, word)
    return found


def _by_code(found: QuerySet[Experiment], word: str) -> QuerySet[Experiment]:
    match = re.fullmatch(r"EXP-(\d{1,18})", word, re.IGNORECASE)
    return found.filter(pk=int(match[1])) if match else found.none()


def rows_of(experiments: Sequence[Experiment], *, now: datetime) -> list[ExperimentRow]:
    """The lines, with approvals counted, in a constant number of queries."""
    statuses = approvals_shown(experiments, now=now)
    return [
        ExperimentRow(
            experiment=experiment,
            state=shown_state(experiment, statuses[experiment.pk]),
            granted=len(statuses[experiment.pk].granted),
            required=len(statuses[experiment.pk].required),
            verdict=getattr(experiment, "last_verdict", None) or "",
        )
        for experiment in experiments
    ]


def subject_of(experiment: Experiment, *, now: datetime, own: Capacity | None = None) -> Subject:
    """What a decision is about. `own` is the capacity in which the reader may decide."""
    status = approvals_shown([experiment], now=now)[experiment.pk]
    decisions = list(experiment.decisions.select_related("decided_by").order_by("decided_at", "id"))
    preview = TargetPreview.objects.filter(experiment=experiment).first()
    digest = experiment.revision.digest if experiment.revision else ""
    return Subject(
        experiment=experiment,
        state=shown_state(experiment, status),
        status=status,
        steps=_steps(experiment, status, decisions, own),
        targets=target_view(preview, experiment, now=now, digest=digest) if preview else None,
        checks=tuple(policy_checks(experiment, now=now, preview=preview)),
        changed=changed_since(experiment, decisions),
        comments=tuple(decision for decision in decisions if decision.reason),
        probes=probe_lines(experiment.steady_state),
        slot=planned_start(experiment),
        duration_s=planned_length(experiment),
        own_label=label(own) if own else "",
    )


def planned_length(experiment: Experiment) -> int | None:
    """How long it is planned to take, in planned seconds; None while it has no plan."""
    if experiment.revision is None:
        return None
    return planned_duration_s(experiment.revision.plan["definition"])


def _steps(
    experiment: Experiment,
    status: ApprovalStatus,
    decisions: Sequence[Decision],
    own: Capacity | None,
) -> tuple[Step, ...]:
    granted = list(status.granted)
    reasons = {(d.decided_by_id, d.decided_at): d.reason for d in decisions}
    steps = []
    for capacity in status.required:
        given = next((facts for facts in granted if facts.capacity is capacity), None)
        if given is not None:
            granted.remove(given)
            reason = reasons.get((given.user_id, given.decided_at), "")
            steps.append(
                Step(
                    label(capacity),
                    "done",
                    given.user_name,
                    reason,
                    given.decided_at,
                    given.valid_until,
                )
            )
        else:
            steps.append(Step(label(capacity), "now" if capacity is own else "open"))
    return tuple(steps)


def changed_since(experiment: Experiment, decisions: Sequence[Decision]) -> ChangeSet | None:
    """What changed since the last approval of another content, else since its last run."""
    current = experiment.revision
    if current is None or experiment.exercise.phase not in DECIDED_IN:
        return None
    approvals = [d for d in decisions if d.verdict == "approve" and d.digest != current.digest]
    if approvals:
        last = approvals[-1]
        before = experiment.revisions.filter(digest=last.digest).order_by("-number").first()
        if before is not None:
            return ChangeSet("the last approval", last.decided_at, _plan_changes(before, current))
    run = (
        Run.objects.filter(
            experiment__application=experiment.application,
            experiment__template_version__template=experiment.template_version.template,
            is_rehearsal=False,
            ended_at__isnull=False,
        )
        .exclude(revision__digest=current.digest)
        .select_related("revision")
        .order_by("-ended_at")
        .first()
    )
    if run is None or run.ended_at is None:
        return None
    rows = _plan_changes(run.revision, current)
    # Another exercise has another window: that is no news.
    rows = tuple(change for change in rows if not change.path.startswith("window"))
    return ChangeSet("the last run", run.ended_at, rows)


def _plan_changes(before: ExperimentRevision, after: ExperimentRevision) -> tuple[Change, ...]:
    return tuple(changes(before.plan, after.plan))


def changed_since_read(experiment: Experiment, digest_seen: str) -> tuple[Change, ...] | None:
    """What differs from the content that somebody read; None when it never was one of these."""
    read = experiment.revisions.filter(digest=digest_seen).order_by("-number").first()
    if read is None or experiment.revision is None:
        return None
    return _plan_changes(read, experiment.revision)


def revision_changes(experiment: Experiment) -> list[tuple[ExperimentRevision, tuple[Change, ...]]]:
    """Every revision with what it changed, the newest first."""
    revisions = list(experiment.revisions.select_related("author").order_by("number"))
    found = [
        (revision, _plan_changes(revisions[index - 1], revision) if index else ())
        for index, revision in enumerate(revisions)
    ]
    return found[::-1]


def probe_lines(steady_state: Sequence[Mapping[str, object]]) -> tuple[ProbeLine, ...]:
    """The probes in words; a draft's unfinished probe is shown by its name alone."""
    try:
        return tuple(_line(spec) for spec in probes_from_json(steady_state))
    except Invalid:
        return tuple(
            ProbeLine(
                str(probe.get("name") or "Unnamed probe"),
                bool(probe.get("is_business")),
                "not complete",
                0,
            )
            for probe in steady_state
        )


def _line(spec: ProbeSpec) -> ProbeLine:
    return ProbeLine(spec.name, spec.is_business, limit_words(spec), spec.grace_s, stop_words(spec))
