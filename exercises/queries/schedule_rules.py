"""The rule of a schedule's row, as domain.recurrence takes it."""

from __future__ import annotations

from django.utils.dateparse import parse_datetime

from exercises.domain.recurrence import Rule
from exercises.models import Schedule


def rule_of(schedule: Schedule) -> Rule:
    """What the row says, for `occurrences`."""
    local_start = parse_datetime(schedule.local_start)
    assert local_start is not None, "checked when the schedule was saved"
    return Rule(
        rrule=schedule.rrule,
        timezone=schedule.timezone,
        local_start=local_start,
        duration_s=schedule.duration_s,
    )
