"""The policy in force, and what it says about one experiment.

Version 1 is built in; every later one is a row that somebody activated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.db.models import F, Max

from exercises.domain.approvals import ApprovalStatus
from exercises.domain.errors import Refusal
from exercises.domain.policy import Asked, PolicyRow, PolicyRules, row_refusals
from exercises.domain.policy_document import default_rules, parse
from exercises.domain.timeline import planned_duration_s
from exercises.models import Experiment, PolicyActivation, PolicyVersion, Run
from exercises.queries.plans import planned_wall

BUILT_IN = 1


def current_policy() -> PolicyRules:
    """The version that holds at this moment."""
    last = PolicyActivation.objects.select_related("version").order_by("-id").first()
    if last is None:
        return parse(default_rules(), number=BUILT_IN)
    return parse(last.version.rules, number=last.version.number)


def document_of_version(number: int) -> dict[str, object]:
    """The document of a version, as it was proposed."""
    if number == BUILT_IN:
        return default_rules()
    found: dict[str, object] = PolicyVersion.objects.get(number=number).rules
    return found


def history() -> list[PolicyVersion]:
    """Every version but the built-in one with its activations, the newest first."""
    versions = PolicyVersion.objects.select_related("author")
    return list(versions.prefetch_related("activations__activated_by"))


def row_of(experiment: Experiment, policy: PolicyRules) -> PolicyRow:
    """The row of the policy that this experiment falls under."""
    return policy.row_for(
        environment=experiment.deployment.place.account.environment,
        rung=experiment.template_version.rung,
        tier=experiment.application.tier,
    )


def policy_refusals(
    experiment: Experiment,
    definition: dict[str, object],
    status: ApprovalStatus,
    policy: PolicyRules,
    *,
    starts_at: datetime,
    rehearsals: Mapping[int, datetime] | None = None,
) -> tuple[Refusal, ...]:
    """Every limit of its row that this experiment breaks if it starts then. For many, give
    their `rehearsals`."""
    row = row_of(experiment, policy)
    asked = asked_of(
        experiment, definition, status, row, starts_at=starts_at, rehearsals=rehearsals
    )
    return row_refusals(row, asked)


def asked_of(
    experiment: Experiment,
    definition: dict[str, object],
    status: ApprovalStatus | None,
    row: PolicyRow,
    *,
    starts_at: datetime,
    rehearsals: Mapping[int, datetime] | None = None,
) -> Asked:
    """The facts that the row's limits judge; no status for what is not proposed yet."""
    seconds = planned_duration_s(definition)
    if rehearsals is None:
        rehearsals = rehearsals_of([experiment]) if row.rehearsal_age_h and experiment.pk else {}
    return Asked(
        starts_at=starts_at,
        ends_at=starts_at + max(planned_wall(seconds), timedelta(seconds=1)),
        minutes=seconds / 60,
        target_cap=experiment.target_cap,
        has_alarm=_has_alarm(experiment, definition),
        approved_at=_approved_at(experiment, status) if status else None,
        rehearsed_at=rehearsals.get(experiment.pk),
    )


def _has_alarm(experiment: Experiment, definition: dict[str, object]) -> bool:
    """An alarm of its own: that chaosplane fell silent says nothing about the service."""
    conditions = definition.get("stopConditions")
    ours = experiment.deployment.place.heartbeat_alarm_arn
    return isinstance(conditions, list) and any(
        condition.get("source") == "aws:cloudwatch:alarm" and condition.get("value") != ours
        for condition in conditions
    )


def _approved_at(experiment: Experiment, status: ApprovalStatus) -> datetime | None:
    if not status.is_complete:
        return None
    if not status.granted:
        return experiment.proposed_at
    return max(decision.decided_at for decision in status.granted)


def rehearsals_of(experiments: Iterable[Experiment]) -> dict[int, datetime]:
    """When the present content of each was last rehearsed to its end, by experiment id."""
    rows = Run.objects.filter(
        experiment__in=[experiment.pk for experiment in experiments],
        revision=F("experiment__revision"),
        is_rehearsal=True,
        state="completed",
    )
    last = rows.order_by().values("experiment_id").annotate(last=Max("ended_at"))
    return dict(last.values_list("experiment_id", "last"))
