"""What an FIS definition may leave changed, read with the read role. Used by engines.fis.

Before the start: everything that the definition may hit, not only what a selection mode would
take, because FIS takes at random. Afterwards: the very same resources again. Which action may
leave what is data (domain.snapshots); how each kind is read is in fis_traces.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exercises.aws.failures import aws_errors
from exercises.domain.fis_catalogue import actions
from exercises.domain.plans import AccountAccess, JsonObject
from exercises.domain.snapshots import (
    MOST_TRACES,
    Calls,
    Snapshot,
    Trace,
    actions_of,
    leaves_of,
    too_much,
    unseen_of,
)
from exercises.engines import fis_targets
from exercises.engines.fis_tagged import name_in
from exercises.engines.fis_traces import DERIVED, READERS, Asked

Wanted = dict[str, list[str]]
"""What is looked at: ids of resources by kind of trace."""


def snapshot(access: AccountAccess, definition: JsonObject, before: Snapshot | None) -> Snapshot:
    """How it is now: of what the definition may hit, else of what was looked at before."""
    body = actions_of(definition)
    wanted = _of_definition(access, definition) if before is None else _of_snapshot(before)
    documents = frozenset(
        str(action.get("parameters", {}).get("documentArn", "")).rsplit("/", 1)[-1]
        for action in body
        if action["actionId"] == "aws:ssm:send-command"
    )
    asked = Asked(access, Calls(), documents)
    with aws_errors(f"note how the targets are in {access.account_id}"):
        traces = _read(asked, wanted, is_first=before is None)
    return Snapshot(tuple(traces), unseen_of(str(action["actionId"]) for action in body))


def _read(asked: Asked, wanted: Wanted, *, is_first: bool) -> list[Trace]:
    """Trace by trace; at first also of what is found behind the targets."""
    found: list[Trace] = []
    for kind, reader in READERS.items():
        resources = wanted.get(kind, [])
        if is_first and kind in DERIVED:
            resources = sorted({*resources, *DERIVED[kind](asked, wanted, found)})
        if len(resources) > MOST_TRACES:
            raise too_much(f"{len(resources)} resources")
        if resources:
            found += reader(asked, resources)
    return found


def _of_snapshot(before: Snapshot) -> Wanted:
    wanted: Wanted = {}
    for trace in before.traces:
        wanted.setdefault(trace.kind, []).append(trace.resource)
    return wanted


def _of_definition(access: AccountAccess, definition: JsonObject) -> Wanted:
    """The candidates of each action's targets, under every kind that the action may leave."""
    wanted: Wanted = {}
    candidates: dict[str, list[str]] | None = None
    for action in actions_of(definition):
        action_id = str(action["actionId"])
        for kind in leaves_of(action_id).kinds:
            if candidates is None:
                candidates = _candidates(access, definition)
            for name in _targets(action, action_id):
                wanted.setdefault(kind, []).extend(candidates.get(name, []))
    return {kind: sorted(set(resources)) for kind, resources in wanted.items()}


def _candidates(access: AccountAccess, definition: JsonObject) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for target in fis_targets.candidates(access, definition):
        found.setdefault(target.target_name, []).append(target.arn)
    bodies = definition.get("targets")
    for name, body in bodies.items() if isinstance(bodies, Mapping) else ():
        named = body.get("parameters", {})
        if body["resourceType"] == "aws:ecs:task" and {"cluster", "service"} <= named.keys():
            place = f"arn:aws:ecs:{access.region}:{access.account_id}"
            cluster, service = name_in(named["cluster"]), named["service"]
            found.setdefault(name, []).append(f"{place}:service/{cluster}/{service}")
    return found


def _targets(action: Mapping[str, Any], action_id: str) -> list[str]:
    """The names of the targets that this action hits."""
    known = actions().get(action_id)
    names = action.get("targets", {})
    return [str(name) for key, name in names.items() if known is None or key in known.targets]
