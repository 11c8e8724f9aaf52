"""The alarms in a definition that stop an experiment by themselves. Pure.

Called by services.observe and services.preflight_questions, which ask AWS how they are, by
the live room, and by queries.plans, which adds the heartbeat.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from exercises.domain.engine_values import AlarmReading
from exercises.domain.lint_rules import Problem
from exercises.domain.plans import JsonObject

MISSING: Final = "MISSING"
"""AWS knows no alarm of this name; beside CloudWatch's OK, ALARM and INSUFFICIENT_DATA."""

UNKNOWN: Final = "UNKNOWN"
"""AWS did not tell."""


def stop_alarms(definition: JsonObject) -> tuple[str, ...]:
    """The ARNs of the stop conditions, each once, in the order of the definition."""
    conditions = definition.get("stopConditions")
    found = [
        str(condition.get("value", ""))
        for condition in (conditions if isinstance(conditions, list) else ())
        if condition.get("source") == "aws:cloudwatch:alarm"
    ]
    return tuple(dict.fromkeys(found))


def alarms_of(plan: Mapping[str, Any]) -> tuple[str, ...]:
    """Every alarm that is watched along a run: those that stop it, those of its probes, and
    those that it is expected to set off."""
    probes = [str(probe.get("alarm", "")) for probe in plan["steady_state"]]
    others = [*filter(None, probes), *plan.get("expected_alarms", [])]
    return tuple(dict.fromkeys([*stop_alarms(plan["definition"]), *others]))


def with_alarm(definition: JsonObject, arn: str) -> dict[str, object]:
    """The definition with one more alarm that stops it, unless it has it already."""
    conditions = definition.get("stopConditions")
    before = list(conditions) if isinstance(conditions, list) else []
    if not arn or arn in stop_alarms(definition):
        return dict(definition)
    added = {"source": "aws:cloudwatch:alarm", "value": arn}
    return {**definition, "stopConditions": [*before, added]}


def name_of(arn: str) -> str:
    """The name in arn:aws:cloudwatch:region:account:alarm:name; names may hold colons."""
    return arn.split(":", 6)[-1]


def alarm_problems(asked: Sequence[str], found: Sequence[AlarmReading]) -> list[Problem]:
    """Which of these alarms could not stop anything now, or would stop it at once."""
    problems = [
        Problem("stopConditions", f"{alarm.name} is {alarm.state}", "FIS-STOP-003")
        for alarm in found
        if alarm.state != "OK"
    ]
    missing = len(set(asked)) - len(found)
    if missing:
        problems.append(Problem("stopConditions", f"{missing} not found", "FIS-STOP-003"))
    return problems
