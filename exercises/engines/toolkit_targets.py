"""The resources that a Chaos Toolkit document names, found with the read role.

Used by engines.chaostoolkit for the preview and for what a run hit. A name that nothing in the
account has is an error before anything starts, not an activity that fails in the middle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from exercises.aws.failures import aws_errors
from exercises.aws.sessions import Purpose, client
from exercises.domain.engine_values import Target
from exercises.domain.errors import EngineError
from exercises.domain.plans import AccountAccess, JsonObject
from exercises.domain.snapshots import Calls, Snapshot
from exercises.domain.toolkit_functions import ECS_SERVICE, ECS_TASKS, LAMBDA
from exercises.domain.toolkit_plan import Touched, touched
from exercises.engines.fis_traces import READERS, Asked


def targets(access: AccountAccess, definition: JsonObject) -> list[Target]:
    """Everything that the actions would hit now, each resource once an activity."""
    found: list[Target] = []
    for one in touched(definition):
        if one.resource_type == "host":
            found.append(Target(one.activity, "host", one.identity[0], label=one.identity[0]))
        else:
            with aws_errors(f"find {'/'.join(filter(None, one.identity))} in {access.account_id}"):
                found += _READERS[one.resource_type](access, one)
    return found


def snapshot(access: AccountAccess, definition: JsonObject, before: Snapshot | None) -> Snapshot:
    """How the ECS services are that its actions name; or those of before, again."""
    named = touched(definition)
    if before is not None:
        services = [trace.resource for trace in before.traces]
    else:
        clusters = [one.identity for one in named if one.resource_type in {ECS_SERVICE, ECS_TASKS}]
        place = f"arn:aws:ecs:{access.region}:{access.account_id}:service"
        services = sorted({f"{place}/{name[0]}/{name[1]}" for name in clusters if name[1]})
    unseen = {one.resource_type for one in named} - {ECS_SERVICE, ECS_TASKS, "host"}
    with aws_errors(f"note how the targets are in {access.account_id}"):
        found = READERS["services"](Asked(access, Calls(), frozenset()), services)
        return Snapshot(tuple(found), tuple(f"{kind} is not compared" for kind in sorted(unseen)))


def _tasks(access: AccountAccess, one: Touched) -> Iterator[Target]:
    cluster, service, task = one.identity
    ecs = client(access, "ecs", Purpose.READ)
    wanted: dict[str, Any] = {"cluster": cluster, "desiredStatus": "RUNNING"}
    if service:
        _service_of(ecs, cluster, service)
        wanted["serviceName"] = service
    pages = ecs.get_paginator("list_tasks").paginate(**wanted)
    running = sorted(arn for page in pages for arn in page["taskArns"])
    if task:
        running = [arn for arn in running if arn.endswith(task)]
    amount = len(running) * one.amount // 100 if one.is_percent else one.amount or len(running)
    if not running or len(running) < amount:
        raise _missing(f"{amount or 1} running tasks of {service or task} in {cluster}")
    label = f"{amount} of {len(running)} tasks of {service or cluster}"
    for arn in running[:amount]:
        yield Target(one.activity, ECS_TASKS, arn, label=label)


def _service(access: AccountAccess, one: Touched) -> Iterator[Target]:
    cluster, service = one.identity
    found = _service_of(client(access, "ecs", Purpose.READ), cluster, service)
    label = f"{service}, {found.get('runningCount', 0)} of {found.get('desiredCount', 0)} tasks"
    yield Target(one.activity, ECS_SERVICE, str(found["serviceArn"]), label=label)


def _service_of(ecs: Any, cluster: str, service: str) -> Mapping[str, Any]:
    found = ecs.describe_services(cluster=cluster, services=[service])["services"]
    active = [each for each in found if each.get("status") == "ACTIVE"]
    if not active:
        raise _missing(f"service {service} in cluster {cluster}")
    service_found: Mapping[str, Any] = active[0]
    return service_found


def _function(access: AccountAccess, one: Touched) -> Iterator[Target]:
    lambdas = client(access, "lambda", Purpose.READ)
    found = lambdas.get_function_configuration(FunctionName=one.identity[0])
    yield Target(one.activity, LAMBDA, str(found["FunctionArn"]), label=one.identity[0])


def _missing(what: str) -> EngineError:
    return EngineError(f"there is no {what}", outcome="none", retryable=False)


_READERS: Final[Mapping[str, Callable[[AccountAccess, Touched], Iterator[Target]]]] = {
    ECS_TASKS: _tasks,
    ECS_SERVICE: _service,
    LAMBDA: _function,
}
