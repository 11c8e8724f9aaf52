"""What the policy's row allows, limit by limit, for the policy list of one experiment.

Called by queries.policy_checks; works on a draft that is not saved yet. The gate asks
domain.policy the same: here a limit that only time can break is said before it does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from exercises.domain.errors import Invalid
from exercises.domain.policy import Asked, PolicyRow, PolicyRules, row_refusals
from exercises.models import Experiment
from exercises.queries.approvals import approval_of
from exercises.queries.plans import definition_of, planned_start
from exercises.queries.policy import asked_of, row_of

_NOT_ALLOWED = "The policy (v{}) does not allow it"


@dataclass(frozen=True, slots=True)
class LimitLine:
    """One limit: ok, pending or fail, what the policy says, and what was seen."""

    status: str
    label: str
    detail: str = ""


def limit_lines(experiment: Experiment, policy: PolicyRules, *, now: datetime) -> list[LimitLine]:
    """Every limit of its row. Nothing while the plan cannot be built: that is said elsewhere."""
    try:
        definition = definition_of(experiment)
    except Invalid:
        return []
    row = row_of(experiment, policy)
    is_judged = experiment.pk is not None and experiment.status == "proposed"
    status = approval_of(experiment, now=now) if is_judged else None
    asked = asked_of(experiment, definition, status, row, starts_at=planned_start(experiment))
    broken = {refusal.rule: refusal.because for refusal in row_refusals(row, asked)}
    lines = [
        LimitLine("fail", _NOT_ALLOWED.format(policy.number), broken[rule])
        if rule in broken
        else LimitLine("ok", words)
        for rule, words in _fixed(row, policy)
    ]
    if "policy.alarm" in broken:  # that it is kept stands in the list as "Automatic stop"
        lines.append(LimitLine("fail", _NOT_ALLOWED.format(policy.number), broken["policy.alarm"]))
    if row.lead_time_h:
        lines.append(_lead_time(row, asked, now, zone=experiment.exercise.timezone))
    if row.rehearsal_age_h is not None:
        lines.append(_rehearsal(row, asked, is_late="policy.rehearsal" in broken, now=now))
    return lines


def _fixed(row: PolicyRow, policy: PolicyRules) -> list[tuple[str, str]]:
    """The limits that only an edit can keep or break, and their words while they are kept."""
    by = f"the {{}} of policy v{policy.number}"
    found = [
        ("policy.duration", f"Within {by.format(f'{row.max_minutes} minutes')}"),
        ("policy.targets", f"Within {by.format(f'{row.max_targets} resources')}"),
    ]
    if row.hours is not None:
        found.append(("policy.hours", f"In {by.format('working hours')}"))
    return found


def _lead_time(row: PolicyRow, asked: Asked, now: datetime, *, zone: str) -> LimitLine:
    label = f"{row.lead_time_h} hours between approval and start"
    approve_by = asked.starts_at - timedelta(hours=row.lead_time_h)
    if asked.approved_at is not None and asked.approved_at <= approve_by:
        return LimitLine("ok", label)
    if asked.approved_at is None and now <= approve_by:
        return LimitLine(
            "pending", label, f"It is approved in time until {_said(approve_by, zone)}."
        )
    earliest = (asked.approved_at or now) + timedelta(hours=row.lead_time_h)
    return LimitLine("fail", label, f"It could start at {_said(earliest, zone)} at the earliest.")


def _rehearsal(row: PolicyRow, asked: Asked, *, is_late: bool, now: datetime) -> LimitLine:
    label = f"Rehearsed in the {row.rehearsal_age_h} hours before its start"
    if not is_late:
        return LimitLine("ok", label)
    if now < asked.starts_at:
        return LimitLine("pending", label, "The rehearsal of pre-flight has to fall in this time.")
    return LimitLine("fail", label, "Run the rehearsal again.")


def _said(moment: datetime, zone: str) -> str:
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b}, {local:%H:%M %Z}"
