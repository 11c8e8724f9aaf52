"""What another policy would change: over the runs of a year, and over what is planned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from exercises.domain.capacities import Capacity, label
from exercises.domain.exercise_phases import OVER
from exercises.domain.policy import PolicyRules
from exercises.models import Experiment, Run
from exercises.queries.approvals import approvals_of, approvals_shown, dependent_teams, required_by
from exercises.queries.plans import planned_start
from exercises.queries.policy import policy_refusals, rehearsals_of

YEAR = timedelta(days=365)
MOST = 500


@dataclass(frozen=True, slots=True)
class Replayed:
    """One run or slot that would be treated otherwise."""

    experiment: Experiment
    at: datetime
    is_past: bool
    more: tuple[str, ...]
    fewer: tuple[str, ...]
    refused: tuple[str, ...]


def replay(now_rules: PolicyRules, new_rules: PolicyRules, *, now: datetime) -> list[Replayed]:
    """Every run of the last year and every slot to come that the new rules treat otherwise,
    the latest first. Refusals name only what the rules in force allow."""
    runs = list(
        Run.objects.filter(
            is_rehearsal=False, started_at__gte=now - YEAR, experiment__revision__isnull=False
        )
        .select_related(*(f"experiment__{name}" for name in _NEEDED))
        .order_by("-started_at")[:MOST]
    )
    coming = list(
        Experiment.objects.filter(
            status="proposed", exercise__ends_at__gt=now, exercise__stopped_at__isnull=True
        )
        .exclude(exercise__phase__in=OVER)
        .exclude(runs__started_at__isnull=False)
        .select_related(*_NEEDED)
        .order_by("exercise__starts_at")[:MOST]
    )
    past = [(run.experiment, run.started_at or now) for run in runs]
    slots = [(experiment, planned_start(experiment)) for experiment in coming]
    found = [
        *_compared(past, now_rules, new_rules, now=now, is_past=True),
        *_compared(slots, now_rules, new_rules, now=now, is_past=False),
    ]
    return sorted(found, key=lambda one: one.at, reverse=True)


_NEEDED = (
    "exercise", "application__team", "revision", "template_version__template",
    "deployment__place__account",
)  # fmt: skip


def _compared(
    items: Sequence[tuple[Experiment, datetime]],
    before: PolicyRules,
    after: PolicyRules,
    *,
    now: datetime,
    is_past: bool,
) -> list[Replayed]:
    experiments = [experiment for experiment, _ in items]
    statuses = (approvals_shown if is_past else approvals_of)(experiments, now=now)
    dependents = dependent_teams({e.application_id for e in experiments})
    rehearsals = rehearsals_of(experiments)
    found = []
    for experiment, at in items:
        assert experiment.revision is not None
        definition = experiment.revision.plan["definition"]
        old = Counter(required_by(experiment, before, dependents))
        new = Counter(required_by(experiment, after, dependents))
        status = statuses[experiment.pk]
        kept, broken = (
            policy_refusals(
                experiment, definition, status, policy, starts_at=at, rehearsals=rehearsals
            )
            for policy in (before, after)
        )
        allowed = {r.rule for r in kept}
        refused = tuple(r.because for r in broken if r.rule not in allowed)
        if old != new or refused:
            more, fewer = _words(new - old), _words(old - new)
            found.append(Replayed(experiment, at, is_past, more, fewer, refused))
    return found


def _words(counted: Counter[Capacity]) -> tuple[str, ...]:
    return tuple(label(c) + (f" × {n}" if n > 1 else "") for c, n in counted.items())
