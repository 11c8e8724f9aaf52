"""The CloudWatch alarms that stop an experiment by themselves. Used by services.preflight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from exercises.aws.failures import aws_errors
from exercises.aws.sessions import Purpose, client
from exercises.domain.engine_values import AlarmReading
from exercises.domain.plans import AccountAccess

_PER_CALL: Final = 100
"""Most alarm names of one DescribeAlarms (CloudWatch API Reference, DescribeAlarms)."""


def alarm_states(access: AccountAccess, arns: Sequence[str]) -> list[AlarmReading]:
    """The alarms among these that exist, in the order asked for."""
    names = sorted({_name(arn) for arn in arns})
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
                    )
    return [found[arn] for arn in dict.fromkeys(arns) if arn in found]


def _name(arn: str) -> str:
    """The name in arn:aws:cloudwatch:region:account:alarm:name; names may hold colons."""
    return arn.split(":", 6)[-1]
