"""Two experiments of the Chaos Toolkit for the demo's catalogue: an attack on an API gateway, and
an ECS service without tasks.

Used by demo.templates; tests/scenarios runs them, flawed and fixed.
"""

from __future__ import annotations

from typing import Any, Final

CLUSTER: Final = "content-moderation"


def python(module: str, func: str, **arguments: object) -> dict[str, Any]:
    """A call of one function of the Chaos Toolkit's AWS extension."""
    return {
        "type": "python",
        "module": f"chaosaws.{module}",
        "func": func,
        "arguments": arguments,
    }


def action(name: str, provider: dict[str, Any], **more: Any) -> dict[str, Any]:
    """One action of a method or of the rollbacks."""
    return {"type": "action", "name": name, "provider": provider, **more}


def text(name: str, label: str, default: str) -> dict[str, Any]:
    """A parameter that is a line of text."""
    return {"name": name, "label": label, "kind": "text", "default": default, "required": True}


def document(
    title: str, description: str, method: list[dict[str, Any]], **more: Any
) -> dict[str, Any]:
    """A whole document that an alarm of the deployment stops."""
    alarm = python("cloudwatch.probes", "get_alarm_state_value", alarm_name="{{alarm}}")
    return {
        "experiment": {
            "title": title,
            "description": description,
            "steady-state-hypothesis": {
                "title": "Nobody is called",
                "probes": [
                    {"type": "probe", "name": "alarm-is-ok", "tolerance": "OK", "provider": alarm}
                ],
            },
            "method": method,
            "rollbacks": more.get("rollbacks", []),
            "runtime": {"rollbacks": {"strategy": "always"}},
        },
        "loads": more.get("loads", {}),
        "deadline": more["deadline"],
        "stopConditions": [{"source": "aws:cloudwatch:alarm", "value": "{{alarm_arn}}"}],
    }


def attack(users: int, lasts: str) -> dict[str, Any]:
    """One wave of the attack."""
    words = ["-f", "attack", "--headless", "-u", str(users), "-r", str(max(1, users // 5))]
    provider = {"type": "process", "path": "locust", "arguments": [*words, "-t", lasts]}
    return action(f"attack-by-{users}", provider)


ATTACK: Final = document(
    "An attack with tokens that nobody gave out",
    "Strangers call the gateway in three waves, each larger than the last.",
    [attack(5, "2m"), attack(10, "3m"), attack(20, "4m")],
    loads={
        "attack": {
            "host": "{{gateway}}",
            "wait_s": 10,
            "requests": [
                {
                    "method": "POST",
                    "path": "{{path}}",
                    "headers": {"Authorization": "Bearer stranger"},
                    "json": {"content": {"text": "A text to look at"}},
                }
            ],
        }
    },
    deadline="PT25M",
)


def _desired(count: object) -> dict[str, Any]:
    return python(
        "ecs.actions",
        "update_desired_count",
        cluster="{{cluster}}",
        service="{{service}}",
        desired_count=count,
    )


NO_TASKS: Final = document(
    "{{service}} without tasks",
    "The service is set to no tasks, as if somebody had slipped; its alarm scales it back.",
    [
        action("to-zero", _desired(0), pauses={"after": 420}),
    ],
    rollbacks=[action("put-back", _desired("{{tasks}}"))],
    deadline="PT25M",
)


ATTACK_PARAMETERS: Final = (
    text("gateway", "Address of the gateway", "https://gateway.example.test"),
    text("path", "Path that is called", "/moderate"),
    text("alarm", "Alarm that must be quiet", "content-moderation-customers"),
)
NO_TASKS_PARAMETERS: Final = (
    text("cluster", "ECS cluster", CLUSTER),
    text("service", "ECS service", "classify-image"),
    text("alarm", "Alarm that must be quiet", "content-moderation-customers"),
    {
        "name": "tasks",
        "label": "Tasks it has",
        "kind": "int",
        "default": 1,
        "required": True,
        "minimum": 1,
        "maximum": 20,
        "help": "As many are put back at the end.",
    },
)
