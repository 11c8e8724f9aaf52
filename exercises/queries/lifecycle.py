"""The lifecycle stage of applications, from rows, in a constant number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from exercises.domain.failure_families import words_of
from exercises.domain.finding_states import OPEN, FindingState
from exercises.domain.lifecycle import TESTED_WITHIN, Lifecycle, LifecycleFacts, lifecycle_of
from exercises.domain.verdicts import RunVerdict
from exercises.models import Application, Deployment, Finding, Run
from exercises.queries.ladder import Evidences, evidences
from exercises.queries.organisation_day import organisation_day


@dataclass(frozen=True, slots=True)
class _Findings:
    overdue: int = 0
    undecided_since: datetime | None = None


def lifecycles_of(
    applications: Iterable[Application], *, now: datetime, known: Evidences | None = None
) -> dict[int, Lifecycle]:
    """The stage of each application and what every stage lacks, by application id.

    `known` saves its queries where the ladder was worked out already.
    """
    wanted = list(applications)
    ids = [application.pk for application in wanted]
    evidence = known or evidences(ids, now=now)
    deployments = _deployments(ids)
    recoveries = recoveries_of(ids)
    findings = _findings(ids, now)
    return {
        application.pk: lifecycle_of(
            _facts(
                application,
                evidence,
                deployments.get(application.pk, ()),
                recoveries.get(application.pk),
                findings.get(application.pk, _Findings()),
                now,
            ),
            now=now,
        )
        for application in wanted
    }


def _facts(
    application: Application,
    evidence: Evidences,
    deployments: Iterable[Deployment],
    recovery_s: float | None,
    findings: _Findings,
    now: datetime,
) -> LifecycleFacts:
    rows = list(deployments)
    tried = evidence.last_tried(application)
    return LifecycleFacts(
        has_slo=application.slo_percent is not None,
        rto_s=application.rto_s,
        rpo_s=application.rpo_s,
        deployments=len(rows),
        without_alarm=sum(not row.alarm_arns for row in rows),
        without_probes=sum(not _is_watched(row) for row in rows),
        has_runbook=bool(application.runbook_url),
        has_dashboard=bool(application.dashboard_url),
        untested=tuple(
            words_of(family)
            for family, at in tried.items()
            if at is None or at < now - TESTED_WITHIN
        ),
        last_production_run=max(
            (
                run.at
                for (pk, _), runs in evidence.runs.items()
                if pk == application.pk
                for run in runs
                if run.level.is_production
            ),
            default=None,
        ),
        recovery_s=recovery_s,
        overdue_findings=findings.overdue,
        undecided_since=findings.undecided_since,
    )


def _is_watched(deployment: Deployment) -> bool:
    probes = deployment.steady_state
    return len(probes) >= 2 and any(probe.get("is_business") for probe in probes)


def _deployments(ids: list[int]) -> dict[int, list[Deployment]]:
    found: dict[int, list[Deployment]] = defaultdict(list)
    for row in Deployment.objects.filter(application__in=ids):
        found[row.application_id].append(row)
    return found


def recoveries_of(ids: Iterable[int]) -> dict[int, float]:
    """The longest time outside, in the last real run that was judged, by application id."""
    rows = (
        Run.objects.filter(
            experiment__application__in=list(ids),
            is_rehearsal=False,
            verdict__in=[RunVerdict.HELD.value, RunVerdict.NOT_HELD.value],
            started_at__isnull=False,
        )
        .order_by("experiment__application_id", "-started_at")
        .distinct("experiment__application_id")
        .values_list("experiment__application_id", "judgement")
    )
    found = {}
    for application, judgement in rows:
        spans = _spans(judgement)
        if spans:
            found[application] = max(spans)
    return found


def _spans(judgement: Mapping[str, object]) -> list[float]:
    probes = judgement.get("probes", [])
    assert isinstance(probes, list)
    return [float(probe["longest_outside_s"]) for probe in probes if not probe.get("missing")]


def _findings(ids: list[int], now: datetime) -> dict[int, _Findings]:
    found: dict[int, _Findings] = {}
    today = organisation_day(now)
    rows = Finding.objects.filter(
        application__in=ids, state__in=[state.value for state in OPEN]
    ).values_list("application_id", "state", "due_on", "created_at")
    for application, state, due_on, created_at in rows:
        before = found.get(application, _Findings())
        is_draft = state == FindingState.DRAFT
        since = before.undecided_since
        found[application] = _Findings(
            overdue=before.overdue + bool(not is_draft and due_on and due_on < today),
            undecided_since=min(filter(None, (since, created_at))) if is_draft else since,
        )
    return found
