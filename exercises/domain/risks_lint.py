"""What a sound document would still do to an application: risks, with the rule of each.

Nothing here refuses: whoever proposes and whoever decides sees it. Pure over the document and
what is known of where it runs. Called by queries.lint and services.catalogue.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from exercises.domain.lint_rules import Problem
from exercises.domain.plans import JsonObject

# AWS FIS User Guide, "AWS FIS actions reference": actions without a post action whose effect
# lasts. Failovers and stopped tasks are left out: to go on from them is what is tested.
NOT_TAKEN_BACK: Final[Mapping[str, str]] = {
    "aws:ec2:terminate-instances": "terminates instances for good",
    "aws:ec2:reboot-instances": "reboots instances",
    "aws:ec2:send-spot-instance-interruptions": "gives Spot instances back for good",
    "aws:eks:terminate-nodegroup-instances": "terminates nodes for good",
    "aws:rds:reboot-db-instances": "reboots databases",
}
VOLUME_BOUND: Final = frozenset({"ebs", "stateful", "statefulset"})
NEEDS_MAJORITY: Final = frozenset(
    {"quorum", "raft", "zookeeper", "etcd", "kafka", "consul", "rabbitmq", "mongodb", "mqtt"}
)
LAYER_FUNCTIONS: Final = frozenset({"add_latency", "add_error"})
"""Of chaosaws.awslambda.actions: both set the function's layers to one."""

_ZONE_PATHS: Final = frozenset(
    {"Placement.AvailabilityZone", "AvailabilityZone", "AvailabilityZones"}
)
_DEEPEST: Final = 20
_LONGEST_EMBEDDED: Final = 20_000


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a document would run, as far as it is known.

    `found` counts the resources of each target; None while nobody has looked.
    """

    failure_family: str = ""
    architecture_tags: Collection[str] = ()
    found: Mapping[str, int] | None = None


def risks(definition: JsonObject, around: Surroundings) -> list[Problem]:
    """Every risk found. Reads any document without raising."""
    return [
        *_stops(definition),
        *_targets(definition, around),
        *_undo(definition),
        *_lambda(definition),
        *_zone(definition, around),
    ]


def takes_back(definition: JsonObject) -> bool:
    """Whether the end of the experiment, or Stop, undoes every action."""
    return not list(_undo(definition))


def _entries(definition: JsonObject, part: str) -> list[tuple[str, Mapping[str, object]]]:
    entries = definition.get(part)
    if not isinstance(entries, Mapping):
        return []
    return [(str(name), entry) for name, entry in entries.items() if isinstance(entry, Mapping)]


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _stops(definition: JsonObject) -> Iterator[Problem]:
    conditions = definition.get("stopConditions")
    if isinstance(conditions, list) and conditions:
        sources = [_mapping(condition).get("source") for condition in conditions]
        if all(source == "none" for source in sources):
            yield Problem("stopConditions", "no alarm stops it, only a person", "FIS-STOP-004")


def _targets(definition: JsonObject, around: Surroundings) -> Iterator[Problem]:
    used = {
        str(name)
        for _, action in _entries(definition, "actions")
        for name in _mapping(action.get("targets")).values()
    }
    for name, target in _entries(definition, "targets"):
        path = f"targets.{name}"
        if name not in used:
            yield Problem(path, f"no action uses “{name}”", "FIS-TGT-008")
        for key, value in _mapping(target.get("resourceTags")).items():
            if value == "":
                yield Problem(
                    f"{path}.resourceTags.{key}",
                    "an empty value is no wildcard: it matches the empty value only",
                    "FIS-TGT-010",
                )
        if around.found is not None and name in used and not around.found.get(name):
            yield Problem(path, f"finds nothing now: {_if_empty(definition)}", "FIS-TGT-009")


def _if_empty(definition: JsonObject) -> str:
    options = _mapping(definition.get("experimentOptions"))
    if options.get("emptyTargetResolutionMode") == "skip":
        return "FIS would skip its actions"
    return "FIS would fail the experiment"


def _undo(definition: JsonObject) -> Iterator[Problem]:
    for name, action in _entries(definition, "actions"):
        action_id = str(action.get("actionId"))
        if action_id in NOT_TAKEN_BACK:
            said = f"{NOT_TAKEN_BACK[action_id]}; Stop does not take it back"
            yield Problem(f"actions.{name}", said, "FIS-UNDO-001")
        starts_again = _mapping(action.get("parameters")).get("startInstancesAfterDuration")
        if action_id == "aws:ec2:stop-instances" and not starts_again:
            yield Problem(
                f"actions.{name}.parameters.startInstancesAfterDuration",
                "is missing: the instances stay stopped, also after Stop",
                "FIS-UNDO-002",
            )


def _lambda(definition: JsonObject) -> Iterator[Problem]:
    yield from _settings(definition)
    for path, found in _objects(definition, "", _DEEPEST):
        if str(found.get("func")) in LAYER_FUNCTIONS and "awslambda" in str(found.get("module")):
            said = "replaces every layer of the function with its own"
            yield Problem(path, said, "LAMBDA-001")
        if found.get("fault_type") == "status_code" and _is_share(found.get("rate")):
            said = "carries the handler out twice for what is not hit"
            yield Problem(path, said, "LAMBDA-002")
        if _is_failure_lambda(found):
            said = "takes effect, and ends, up to 60 s late"
            yield Problem(path, said, "LAMBDA-003")


def _settings(definition: JsonObject) -> Iterator[Problem]:
    """The same two of the parameters of a Lambda configuration."""
    entries = definition.get("parameters")
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        path, faults = f"parameters[{index}]", entry.get("faults") if _is_object(entry) else None
        if not isinstance(faults, list):
            continue
        kinds = [fault for fault in faults if _is_object(fault)]
        if entry.get("format") == "chaos_lambda" and any(
            fault.get("kind") == "status_code" and _is_share(fault.get("percent", 100), whole=100)
            for fault in kinds
        ):
            yield Problem(path, "carries the handler out twice for what is not hit", "LAMBDA-002")
        if str(entry.get("format")).startswith("failure_lambda"):
            yield Problem(path, "takes effect, and ends, up to 60 s late", "LAMBDA-003")


def _is_object(value: object) -> bool:
    return isinstance(value, Mapping)


def _is_share(rate: object, whole: float = 1) -> bool:
    return isinstance(rate, int | float) and not isinstance(rate, bool) and rate < whole


_FAILURE_MODES: Final = frozenset(
    {"latency", "timeout", "diskspace", "denylist", "statuscode", "exception", "corruption"}
)


def _is_failure_lambda(found: Mapping[str, object]) -> bool:
    """The configuration of failure-lambda: before 1.0 one mode, since then a flag a mode."""
    if str(found.get("failureMode")) in _FAILURE_MODES and "isEnabled" in found:
        return True
    flags = [flag for name, flag in found.items() if name in _FAILURE_MODES]
    return bool(flags) and all(isinstance(flag, Mapping) and "enabled" in flag for flag in flags)


def _objects(value: object, path: str, depth: int) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Every object in a document, also those that it holds as JSON text."""
    if depth == 0:
        return
    if isinstance(value, str):
        value = _embedded(value)
    if isinstance(value, Mapping):
        yield path, value
        for name, item in value.items():
            yield from _objects(item, f"{path}.{name}" if path else str(name), depth - 1)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _objects(item, f"{path}[{index}]", depth - 1)


def _embedded(text: str) -> object:
    if text.lstrip()[:1] != "{" or len(text) > _LONGEST_EMBEDDED:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _zone(definition: JsonObject, around: Surroundings) -> Iterator[Problem]:
    tags = set(around.architecture_tags)
    bound, majority = sorted(tags & VOLUME_BOUND), sorted(tags & NEEDS_MAJORITY)
    if not (bound or majority) or not _hits_a_zone(definition, around.failure_family):
        return
    what = [f"{', '.join(bound)}: volumes stay in their zone"] if bound else []
    what += [f"{', '.join(majority)}: a majority must remain"] if majority else []
    yield Problem(
        "targets", f"a zone is hit, and this application has {'; '.join(what)}", "ZONE-001"
    )


def _hits_a_zone(definition: JsonObject, family: str) -> bool:
    """Whether a whole zone goes: more than one resource, chosen by where it stands."""
    if family.startswith("az-"):
        return True
    return any(
        target.get("selectionMode") == "ALL" and _is_chosen_by_zone(target)
        for _, target in _entries(definition, "targets")
    )


def _is_chosen_by_zone(target: Mapping[str, object]) -> bool:
    filters = target.get("filters")
    paths = [
        str(_mapping(item).get("path")) for item in (filters if isinstance(filters, list) else [])
    ]
    by_parameter = any("vailabilityZone" in name for name in _mapping(target.get("parameters")))
    return by_parameter or not _ZONE_PATHS.isdisjoint(paths)
