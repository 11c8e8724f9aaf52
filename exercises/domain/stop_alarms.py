"""The alarms in a definition that stop an experiment by themselves. Pure.

Called by services.observe, which asks AWS how they are, and by the live room.
"""

from __future__ import annotations

from typing import Final

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


def name_of(arn: str) -> str:
    """The name in arn:aws:cloudwatch:region:account:alarm:name; names may hold colons."""
    return arn.split(":", 6)[-1]
