"""Probe values from the state of CloudWatch alarms: 1 in alarm, 0 when all is well.

An alarm that lacks data, and one that is gone, say nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from exercises.aws.alarms import alarm_states
from exercises.domain.engine_values import Reading
from exercises.probes.protocol import Answers, Asking, ProbeRequest

_VALUES: Final[Mapping[str, float]] = {"OK": 0.0, "ALARM": 1.0}


class AlarmSource:
    """All alarms of an account and Region in one question."""

    def read(self, asking: Asking, requests: Sequence[ProbeRequest]) -> Answers:
        """How each alarm is now, once a period."""
        answers = Answers()
        due = [one for one in requests if is_due(asking, one)]
        arns = sorted({one.spec.alarm for one in due})
        states = alarm_states(asking.access, arns) if arns else []
        values = {told.arn: _VALUES.get(told.state) for told in states}
        for one in due:
            value = values.get(one.spec.alarm)
            if value is not None:
                reading = Reading(one.spec.key, asking.until, value * one.spec.scale)
                answers.add(one.run_id, [reading])
        return answers


def is_due(asking: Asking, request: ProbeRequest) -> bool:
    """Whether the last reading is a period old; a little less, since no two looks are equal."""
    return asking.until - request.since >= 0.9 * asking.wall(request.spec.period_s)
