"""The list of findings as CSV, one finding a line."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from exercises.domain.finding_states import FindingState, Severity
from exercises.models import Finding
from exercises.queries.findings import OPEN_VALUES
from exercises.queries.naming import Names
from exercises.web.csv_text import csv_text

HEAD = (
    "finding", "title", "severity", "state", "application", "team", "failure family", "owner",
    "due on", "overdue", "waived until", "found on", "found in", "ticket",
)  # fmt: skip


def lines(findings: Iterable[Finding], *, now: datetime, zone: ZoneInfo, names: Names) -> str:
    return csv_text(HEAD, (_row(finding, now, zone, names) for finding in findings))


def _row(finding: Finding, now: datetime, zone: ZoneInfo, names: Names) -> tuple[object, ...]:
    today = now.astimezone(zone).date()
    is_late = finding.due_on and finding.due_on < today and finding.state in OPEN_VALUES
    return (
        finding.code,
        names.text(finding.title),
        Severity(finding.severity).label,
        FindingState(finding.state).label,
        finding.application.name,
        finding.application.team.name,
        finding.failure_family,
        names.of(finding.owner) or None,
        finding.due_on,
        "yes" if is_late else "no",
        finding.waived_until,
        finding.created_at.astimezone(zone).date(),
        finding.found_in,
        finding.tracker_url,
    )
