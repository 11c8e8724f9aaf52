"""Scenarios for tasks of ECS and functions of Lambda, which AWS's scenario library lacks.

Parameters are those of the AWS FIS User Guide, "AWS FIS actions reference". Each stays on one
application by its tag. Called by domain.scenarios.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from exercises.domain.durations import iso
from exercises.domain.scenario_parts import (
    Body,
    Scenario,
    Scene,
    Values,
    asked,
    body,
    minutes,
    number,
    text,
    whole,
)

Parameters = Mapping[str, str]
Builder = Callable[[Values, Scene], Body]

# -- ECS -----------------------------------------------------------------------------------


def _tasks(action: str, what: str, given: Callable[[Values], Parameters]) -> Builder:
    """An action on some tasks of one service."""

    def build(values: Values, scene: Scene) -> Body:
        targets = {
            "Tasks": {
                "resourceType": "aws:ecs:task",
                "resourceTags": dict(scene.scope),
                "parameters": {
                    "cluster": text(values, "cluster"),
                    "service": text(values, "service"),
                },
                "selectionMode": f"COUNT({number(values, 'tasks')})",
            }
        }
        actions = {what: _action(f"ecs:{action}", given(values), Tasks="Tasks")}
        return _of(scene, what, targets, actions)

    return build


_OF_A_SERVICE: Final = (
    asked("cluster", "ECS cluster", required=True),
    asked("service", "Service", required=True),
    whole("tasks", "Tasks", "", default=1, most=20, note="So many of the service's, by chance."),
)


def _lasting(values: Values) -> dict[str, str]:
    return {"duration": iso(number(values, "minutes") * 60)}


def _cut_off(values: Values) -> Parameters:
    return _lasting(values) | {
        "port": str(number(values, "port")),
        "trafficType": text(values, "direction"),
        "protocol": "tcp",
    }


def _slow(values: Values) -> Parameters:
    return _lasting(values) | {"delayMilliseconds": str(number(values, "level"))}


def _busy(values: Values) -> Parameters:
    return _lasting(values) | {"percent": str(number(values, "level"))}


# -- Lambda --------------------------------------------------------------------------------


def _functions(action: str, what: str, given: Callable[[Values], Parameters]) -> Builder:
    """An action on a share of the invocations of an application's functions."""

    def build(values: Values, scene: Scene) -> Body:
        targets = {
            "Functions": {
                "resourceType": "aws:lambda:function",
                "resourceTags": dict(scene.scope),
                "selectionMode": "ALL",
            }
        }
        parameters = _lasting(values) | dict(given(values))
        parameters["invocationPercentage"] = str(number(values, "percent"))
        actions = {what: _action(f"lambda:{action}", parameters, Functions="Functions")}
        return _of(scene, what, targets, actions)

    return build


def _status(values: Values) -> Parameters:
    return {
        "statusCode": str(number(values, "status")),
        "contentTypeHeader": "application/json",
        "preventExecution": "true",
    }


def _of_functions(*more: Mapping[str, object]) -> tuple[Mapping[str, object], ...]:
    return (
        minutes(5, 60),
        *more,
        whole(
            "percent", "Invocations", "%", default=10, most=100,
            note="Functions need the FIS extension; it hears of a fault within a minute.",
        ),
    )  # fmt: skip


# -- Both ----------------------------------------------------------------------------------


def _action(action_id: str, parameters: Parameters, **targets: str) -> Body:
    return {"actionId": f"aws:{action_id}", "parameters": dict(parameters), "targets": targets}


def _of(scene: Scene, what: str, targets: Body, actions: Body) -> Body:
    words = what.replace("-", " ")
    return body(scene, words, targets, actions, where=scene.region, empty="fail")


def _scenario(
    key: str,
    name: str,
    summary: str,
    family: str,
    rung: int,
    hypothesis: str,
    parameters: tuple[Mapping[str, object], ...],
    build: Builder,
) -> Scenario:
    return Scenario(
        key, name, summary, family, rung, hypothesis, parameters, build,
        is_aws=False, is_zonal=False,
    )  # fmt: skip


WORKLOADS: Final = (
    _scenario(
        "ecs_stop_tasks", "ECS: Stop Tasks",
        "Tasks of one service end; the service starts others.",
        "task-loss", 1,
        "If one task of a service ends, then another takes its place and every request is "
        "answered within its limit.",
        _OF_A_SERVICE, _tasks("stop-task", "Stop-tasks", lambda _: {}),
    ),
    _scenario(
        "ecs_task_cut_off", "ECS: Task Cut Off",
        "Tasks of one service run on, but a port of theirs answers nobody.",
        "network-loss", 2,
        "If a task runs but does not answer, then requests go on without it and stay within "
        "their limit.",
        (
            minutes(5, 60), *_OF_A_SERVICE,
            whole("port", "Port", "", default=443, most=65_535),
            asked("direction", "Direction", "choice", default="ingress", required=True,
                  choices=["ingress", "egress"]),
        ),
        _tasks("task-network-blackhole-port", "Cut-tasks-off", _cut_off),
    ),
    _scenario(
        "ecs_slow_network", "ECS: Slow Network",
        "Packets of tasks of one service are late.",
        "network-slow", 2,
        "If tasks of one service answer late, then requests stay within their limit.",
        (minutes(5, 60), *_OF_A_SERVICE,
         whole("level", "Added latency", "ms", default=200, most=60_000)),
        _tasks("task-network-latency", "Slow-network", _slow),
    ),
    _scenario(
        "ecs_cpu_stress", "ECS: CPU Stress",
        "The processors of tasks of one service are busy with something else.",
        "cpu-stress", 2,
        "If the processors of a task are busy, then others take over and requests stay within "
        "their limit.",
        (minutes(5, 60), *_OF_A_SERVICE, whole("level", "Load", "%", default=100, most=100)),
        _tasks("task-cpu-stress", "CPU-stress", _busy),
    ),
    _scenario(
        "lambda_latency", "Lambda: Latency",
        "A share of the invocations begins late; past its timeout that is an error.",
        "function-slow", 2,
        "If one invocation of ten begins a second late, then callers still get their answer.",
        _of_functions(whole("level", "Delay", "ms", default=1000, most=900_000)),
        _functions("invocation-add-delay", "Late-invocations",
                   lambda values: {"startupDelayMilliseconds": str(number(values, "level"))}),
    ),
    _scenario(
        "lambda_errors", "Lambda: Errors",
        "A share of the invocations fails.",
        "function-errors", 2,
        "If one invocation of ten fails, then callers try again and get their answer.",
        _of_functions(),
        _functions("invocation-error", "Failing-invocations",
                   lambda _: {"preventExecution": "true"}),
    ),
    _scenario(
        "lambda_status", "Lambda: Status Code",
        "A share of the invocations answers with another HTTP status.",
        "function-errors", 2,
        "If one answer of ten is an error, then callers try again and get their answer.",
        _of_functions(whole("status", "Status", "", default=500, least=400, most=599)),
        _functions("invocation-http-integration-response", "Other-status", _status),
    ),
)  # fmt: skip
