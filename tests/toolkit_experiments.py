"""Chaos Toolkit documents for tests: experiments on the moderated content of simulated AWS."""

from __future__ import annotations

from typing import Any

ALARM = "arn:aws:cloudwatch:eu-central-1:222222222222:alarm:content-moderation-customers"
Provider = dict[str, Any]


def python(module: str, func: str, **arguments: object) -> Provider:
    return {"type": "python", "module": module, "func": func, "arguments": arguments}


def desired(count: int, service: str = "classify-image") -> Provider:
    return python(
        "chaosaws.ecs.actions",
        "update_desired_count",
        cluster="content-moderation",
        service=service,
        desired_count=count,
    )


def action(name: str, provider: Provider, **more: object) -> dict[str, object]:
    return {"type": "action", "name": name, "provider": provider, **more}


def pausing(name: str, seconds: float) -> dict[str, object]:
    """A probe that is followed by a long pause."""
    state = python("chaosaws.cloudwatch.probes", "get_alarm_state_value", alarm_name="x")
    return {"type": "probe", "name": name, "provider": state, "pauses": {"after": seconds}}


def document(
    *method: dict[str, object], back: Provider | None = None, deadline: str = "PT30M"
) -> dict[str, Any]:
    """A whole document whose rollback sets the image model back to one task."""
    return {
        "experiment": {
            "title": "One model without tasks",
            "description": "The service goes to zero and is put back.",
            "method": list(method),
            "rollbacks": [action("put-back", back or desired(1))],
        },
        "loads": {},
        "deadline": deadline,
        "stopConditions": [{"source": "aws:cloudwatch:alarm", "value": ALARM}],
    }
