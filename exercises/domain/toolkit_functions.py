"""What a Chaos Toolkit experiment may call, and nothing else: the allow-list of functions.

A Python activity imports whatever module it names, so a name that is not here is refused
before anything is imported. Each row says which arguments the function takes, which resource
it touches, what the start role needs for it, and which function takes its effect back.
A new function is one more row (chaostoolkit-aws 0.35.1). `ssm.put_parameter` is none: it sends
what was not given as null, which AWS refuses; the engine lambda_config sets parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

TEXT: Final = "text"
COUNT: Final = "a whole number"


@dataclass(frozen=True, slots=True)
class Function:
    """One function. `kind` is action or probe; `takes` the arguments with their types, of
    which `needs` must be there. `undone_by` takes a lasting effect back, on the same resource.
    """

    kind: str
    takes: Mapping[str, str]
    needs: tuple[str, ...]
    rights: tuple[str, ...]
    resource: str = ""
    undone_by: tuple[str, ...] = ()
    cap: Mapping[str, int] = field(default_factory=dict)


ECS_TASKS: Final = "aws:ecs:task"
ECS_SERVICE: Final = "aws:ecs:service"
LAMBDA: Final = "aws:lambda:function"

_SERVICE: Final = {"cluster": TEXT, "service": TEXT}
_CHECKED: Final = ("ecs:DescribeClusters", "ecs:DescribeServices")
_METRIC: Final = {
    "namespace": TEXT,
    "metric_name": TEXT,
    "dimension_name": TEXT,
    "dimension_value": TEXT,
    "duration": COUNT,
    "offset": COUNT,
    "statistic": TEXT,
    "unit": TEXT,
}


def _of_function(
    kind: str, right: str, *, undone_by: tuple[str, ...] = (), **more: str
) -> Function:
    """One that has a Lambda function as its resource."""
    return Function(
        kind,
        {"function_name": TEXT, **more},
        ("function_name", *more),
        (f"lambda:{right}",),
        LAMBDA,
        undone_by,
    )


ALLOWED: Final[Mapping[str, Mapping[str, Function]]] = {
    "chaosaws.ecs.actions": {
        "stop_random_tasks": Function(
            "action",
            {**_SERVICE, "task_count": COUNT, "task_percent": COUNT, "reason": TEXT},
            ("cluster", "service"),
            (*_CHECKED, "ecs:ListTasks", "ecs:StopTask"),
            ECS_TASKS,
            cap={"task_percent": 100, "task_count": 100},
        ),
        "stop_task": Function(
            "action",
            {**_SERVICE, "task_id": TEXT, "reason": TEXT},
            ("cluster", "task_id"),
            (*_CHECKED, "ecs:ListTasks", "ecs:StopTask"),
            ECS_TASKS,
        ),
        "update_desired_count": Function(
            "action",
            {**_SERVICE, "desired_count": COUNT},
            ("cluster", "service", "desired_count"),
            (*_CHECKED, "ecs:UpdateService"),
            ECS_SERVICE,
            ("update_desired_count",),
        ),
    },
    "chaosaws.ecs.probes": {
        name: Function(
            "probe", _SERVICE, ("cluster", "service"), ("ecs:DescribeServices",), ECS_SERVICE
        )
        for name in ("service_is_deploying", "are_all_desired_tasks_running", "describe_service")
    },
    "chaosaws.awslambda.actions": {
        "put_function_concurrency": _of_function(
            "action",
            "PutFunctionConcurrency",
            undone_by=("delete_function_concurrency", "put_function_concurrency"),
            concurrent_executions=COUNT,
        ),
        "delete_function_concurrency": _of_function("action", "DeleteFunctionConcurrency"),
        "put_function_timeout": _of_function(
            "action",
            "UpdateFunctionConfiguration",
            undone_by=("put_function_timeout",),
            timeout=COUNT,
        ),
        "put_function_memory_size": _of_function(
            "action",
            "UpdateFunctionConfiguration",
            undone_by=("put_function_memory_size",),
            memory_size=COUNT,
        ),
    },
    "chaosaws.awslambda.probes": {
        "get_function_concurrency": _of_function("probe", "GetFunction"),
        "get_function_timeout": _of_function("probe", "GetFunctionConfiguration"),
        "get_function_memory_size": _of_function("probe", "GetFunctionConfiguration"),
    },
    "chaosaws.cloudwatch.probes": {
        "get_alarm_state_value": Function(
            "probe", {"alarm_name": TEXT}, ("alarm_name",), ("cloudwatch:DescribeAlarms",)
        ),
        "get_metric_statistics": Function(
            "probe",
            {**_METRIC, "extended_statistic": TEXT},
            ("namespace", "metric_name"),
            ("cloudwatch:GetMetricStatistics",),
        ),
        "get_metric_data": Function(
            "probe",
            {**_METRIC, "period": COUNT},
            ("namespace", "metric_name"),
            ("cloudwatch:GetMetricData",),
        ),
    },
}


def function(module: object, name: object) -> Function | None:
    """The row of a function; None when it may not be called."""
    if not isinstance(module, str) or not isinstance(name, str):
        return None
    return ALLOWED.get(module, {}).get(name)


IDENTITY: Final[Mapping[str, tuple[str, ...]]] = {
    ECS_TASKS: ("cluster", "service", "task_id"),
    ECS_SERVICE: ("cluster", "service"),
    LAMBDA: ("function_name",),
}
"""Which arguments say which resource it is."""
