"""The CloudWatch alarms that stop an experiment by themselves.

Used by services.preflight, services.observe and, for what is set on them, services.start.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from exercises.aws.failures import aws_errors
from exercises.aws.sessions import Purpose, client
from exercises.domain.canonical_json import canonical_bytes
from exercises.domain.engine_values import AlarmReading
from exercises.domain.plans import AccountAccess
from exercises.domain.stop_alarms import name_of

_PER_CALL: Final = 100
"""Most alarm names of one DescribeAlarms (CloudWatch API Reference, DescribeAlarms)."""


def alarm_states(access: AccountAccess, arns: Sequence[str]) -> list[AlarmReading]:
    """The alarms among these that exist, in the order asked for."""
    names = sorted({name_of(arn) for arn in arns})
    cloudwatch = client(access, "cloudwatch", Purpose.READ)
    found: dict[str, AlarmReading] = {}
    with aws_errors(f"describe alarms in {access.account_id}"):
        for first in range(0, len(names), _PER_CALL):
            pages = cloudwatch.get_paginator("describe_alarms").paginate(
                AlarmNames=names[first : first + _PER_CALL],
                AlarmTypes=["MetricAlarm", "CompositeAlarm"],
            )
            for page in pages:
                for alarm in [*page.get("MetricAlarms", []), *page.get("CompositeAlarms", [])]:
                    found[alarm["AlarmArn"]] = AlarmReading(
                        arn=alarm["AlarmArn"],
                        name=alarm["AlarmName"],
                        state=alarm["StateValue"],
                        reason=alarm.get("StateReason", ""),
                        rule=_rule(alarm),
                        settings=_digest(_settings(alarm)),
                        since=alarm.get("StateTransitionedTimestamp")
                        or alarm.get("StateUpdatedTimestamp"),
                    )
    return [found[arn] for arn in dict.fromkeys(arns) if arn in found]


def alarm_settings(access: AccountAccess, arns: Sequence[str]) -> str:
    """One digest of what is set on these alarms; an alarm that is gone changes it, too."""
    return settings_digest(alarm_states(access, arns))


def settings_digest(alarms: Sequence[AlarmReading]) -> str:
    return _digest({alarm.arn: alarm.settings for alarm in alarms})


_OF_THE_MOMENT: Final = frozenset(
    {
        "StateValue",
        "StateReason",
        "StateReasonData",
        "StateUpdatedTimestamp",
        "StateTransitionedTimestamp",
        "EvaluationState",
        "AlarmConfigurationUpdatedTimestamp",
        "ActionsSuppressedBy",
        "ActionsSuppressedReason",
    }
)
"""What DescribeAlarms tells beside the settings (CloudWatch API Reference, MetricAlarm and
CompositeAlarm). A setting that CloudWatch adds one day counts without being listed here."""


def _settings(alarm: Mapping[str, Any]) -> dict[str, Any]:
    settings = {key: value for key, value in alarm.items() if key not in _OF_THE_MOMENT}
    plain: dict[str, Any] = json.loads(json.dumps(settings, default=str))
    return plain


def _digest(document: object) -> str:
    return hashlib.sha256(canonical_bytes(document)).hexdigest()


_COMPARISONS: Final = {
    "GreaterThanThreshold": "above",
    "GreaterThanOrEqualToThreshold": "at or above",
    "LessThanThreshold": "below",
    "LessThanOrEqualToThreshold": "at or below",
}


def _rule(alarm: Mapping[str, Any]) -> str:
    """MessagesDelivered is below 75 for 3 min; empty for metric maths, bands and composites."""
    words = _COMPARISONS.get(alarm.get("ComparisonOperator", ""))
    metric, period = alarm.get("MetricName"), alarm.get("Period")
    if words is None or not metric or not period or "Threshold" not in alarm:
        return ""
    seconds = period * (alarm.get("DatapointsToAlarm") or alarm.get("EvaluationPeriods", 1))
    lasts = f"{seconds} s" if seconds % 60 else f"{seconds // 60} min"
    return f"{metric} is {words} {alarm['Threshold']:,g} for {lasts}"
