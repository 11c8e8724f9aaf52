"""Evaluates CloudWatch metric alarms, which moto stores but never looks at.

M of N periods, missing data and all; an alarm's period is engine time, so at speed 60 a period
of a minute is one wall second. Amazon CloudWatch User Guide, "Using Amazon CloudWatch alarms".
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from moto.cloudwatch.models import Alarm, CloudWatchBackend, Statistics, cloudwatch_backends

from simulator.estate import ACCOUNTS, REGION
from simulator.world.metrics import key_of, recent

LEAST_PERIOD_WALL_S = 0.5

BREACHES: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


class AlarmEvaluator:
    """Looks at every metric alarm of the estate twice a period."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._due_at: dict[str, datetime] = {}

    def evaluate(self, wall: datetime) -> None:
        """Set the state of every alarm that is due."""
        now = wall.astimezone(UTC).replace(tzinfo=None)
        for account in ACCOUNTS:
            backend = cloudwatch_backends[account][REGION]
            for alarm in list(backend.alarms.values()):
                can_be_judged = alarm.metric_name and alarm.comparison_operator in BREACHES
                if can_be_judged and now >= self._due_at.get(alarm.alarm_arn, now):
                    self._judge(backend, alarm, now)

    def _judge(self, backend: CloudWatchBackend, alarm: Alarm, now: datetime) -> None:
        period_s = max(LEAST_PERIOD_WALL_S, int(alarm.period) / self._speed)
        self._due_at[alarm.alarm_arn] = now + timedelta(seconds=period_s / 2)
        values = _values(backend, alarm, now, period_s)
        state, reason = verdict(
            values,
            is_breach=lambda value: BREACHES[alarm.comparison_operator](value, alarm.threshold),
            needed=int(alarm.datapoints_to_alarm or alarm.evaluation_periods),
            missing=alarm.treat_missing_data or "missing",
            current=alarm.state_value,
        )
        if state != alarm.state_value:
            alarm.update_state(reason, "{}", state)


def _values(
    backend: CloudWatchBackend, alarm: Alarm, now: datetime, period_s: float
) -> list[float | None]:
    """The statistic of each period, newest first; None where no data is."""
    count = int(alarm.evaluation_periods)
    key = key_of(alarm.namespace, alarm.metric_name, alarm.dimensions)
    data = recent(backend, key, now - timedelta(seconds=period_s * count))
    values: list[float | None] = []
    for number in range(count):
        newest = now - timedelta(seconds=period_s * number)
        oldest = newest - timedelta(seconds=period_s)
        statistics = Statistics([alarm.statistic], newest)
        statistics.metric_data = [each for each in data if oldest < each.timestamp <= newest]
        found = statistics.get_statistics_for_type(alarm.statistic)
        values.append(float(found) if statistics.metric_data and found is not None else None)
    return values


def verdict(
    values: Sequence[float | None],
    is_breach: Callable[[float], bool],
    needed: int,
    missing: str,
    current: str,
) -> tuple[str, str]:
    """The state of an alarm and the reason, from its periods."""
    known = [value for value in values if value is not None]
    gaps = len(values) - len(known)
    if not known and missing == "missing":
        return "INSUFFICIENT_DATA", "Insufficient Data: no datapoints were received."
    if not known and missing == "ignore":
        return current, "No datapoints were received."
    breaching = sum(is_breach(value) for value in known)
    if missing == "breaching":
        breaching += gaps
    shown = ", ".join(f"{value:g}" for value in known)
    if breaching >= needed:
        return "ALARM", f"Threshold Crossed: {breaching} of {len(values)} datapoints [{shown}]."
    return "OK", f"Threshold not crossed: {breaching} of {len(values)} datapoints [{shown}]."
