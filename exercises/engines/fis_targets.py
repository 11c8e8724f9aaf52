"""What an FIS definition would hit now, found without an experiment. Used by engines.fis.

Follows the resolution of FIS (AWS FIS User Guide, "Targets for AWS FIS"): tags and filters
all hold, values of one filter are alternatives, then the selection mode takes some. FIS
takes them at random: here it is the first by name, so the count is right and the names are
candidates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from exercises.domain.engine_values import Target
from exercises.domain.errors import EngineError
from exercises.domain.plans import AccountAccess, JsonObject
from exercises.engines.fis_resources import Resource, has_reader, resources, zone_names
from exercises.engines.fis_tagged import name_in, tagged_resources

_SELECTION: Final = re.compile(r"(?P<kind>ALL|COUNT|PERCENT)(\((?P<number>\d+)\))?")
_ZONE_PARAMETERS: Final = (
    "availabilityZoneIdentifier",
    "availabilityZoneIdentifiers",
    "writerAvailabilityZoneIdentifiers",
)


def preview(access: AccountAccess, definition: JsonObject) -> list[Target]:
    """The targets of the definition, target by target, each sorted by zone and name."""
    return _targets(access, definition, is_selected=True)


def candidates(access: AccountAccess, definition: JsonObject) -> list[Target]:
    """Everything that FIS may choose from, whatever the selection mode leaves of it."""
    return _targets(access, definition, is_selected=False)


def _targets(access: AccountAccess, definition: JsonObject, *, is_selected: bool) -> list[Target]:
    wanted = definition.get("targets")
    if not isinstance(wanted, Mapping):
        return []
    estate = _estate(access, wanted.values())
    return [
        target
        for name, body in sorted(wanted.items())
        for target in _resolve(access, name, body, estate[body["resourceType"]], is_selected)
    ]


def located(access: AccountAccess, resolved: Sequence[Mapping[str, Any]]) -> Iterator[Target]:
    """Targets as FIS resolved them, with the zone and name of those that can be read."""
    known: dict[str, Resource] = {}
    for resource_type in {item["resourceType"] for item in resolved}:
        known |= {found.arn: found for found in resources(access, resource_type, ())}
    for item in resolved:
        arn = _resolved_arn(item.get("targetInformation", {}))
        found = known.get(arn) or Resource(arn, "", name_in(arn), {})
        yield _target(item.get("targetName", ""), item["resourceType"], found)


def _estate(
    access: AccountAccess, bodies: Iterable[Mapping[str, Any]]
) -> dict[str, list[Resource]]:
    """The resources of every type that is wanted: one Describe a type."""
    tag_keys: dict[str, set[str]] = {}
    whole_types = set()
    for body in bodies:
        keys = tag_keys.setdefault(body["resourceType"], set())
        keys |= body.get("resourceTags", {}).keys()
        if not body.get("resourceTags"):
            whole_types.add(body["resourceType"])
    return {
        kind: resources(access, kind, () if kind in whole_types else sorted(keys))
        for kind, keys in tag_keys.items()
    }


def _resolve(
    access: AccountAccess,
    name: str,
    body: Mapping[str, Any],
    existing: Sequence[Resource],
    is_selected: bool,
) -> list[Target]:
    arns, kind = body.get("resourceArns"), body["resourceType"]
    if arns:
        known = {found.arn: found for found in existing}
        matching = [known.get(arn) or Resource(arn, "", name_in(arn), {}) for arn in arns]
    elif has_reader(kind):
        zones = _wanted_zones(access, body.get("parameters", {}))
        matching = [found for found in existing if _matches(found, body, zones)]
    else:
        matching = tagged_resources(access, kind, body.get("resourceTags", {}))
    matching.sort(key=lambda found: (found.az, found.label, found.arn))
    mode = body.get("selectionMode", "ALL") if is_selected else "ALL"
    count = _selected(name, mode, len(matching))
    return [_target(name, kind, found) for found in matching[:count]]


def _wanted_zones(access: AccountAccess, parameters: Mapping[str, str]) -> set[str]:
    """The zones that parameters ask for; empty when every zone will do."""
    asked = {
        zone.strip()
        for key in _ZONE_PARAMETERS
        for zone in parameters.get(key, "").split(",")
        if zone.strip()
    }
    return set() if "all" in asked else zone_names(access, asked)


def _matches(found: Resource, body: Mapping[str, Any], zones: set[str]) -> bool:
    tags = body.get("resourceTags", {})
    vpc = body.get("parameters", {}).get("vpc")
    return (
        all(found.tags.get(key) == value for key, value in tags.items())
        and (not zones or bool(zones & set(found.az.split(", "))))
        and (not vpc or found.description.get("VpcId") == vpc)
        and all(_passes(found.description, wanted) for wanted in body.get("filters", []))
    )


def _passes(description: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    seen = {_text(value) for value in _values_at(description, wanted["path"].split("."))}
    return bool(seen & set(wanted["values"]))


def _values_at(value: Any, path: Sequence[str]) -> Iterator[Any]:
    """Every value at a dotted path; a list on the way stands for each of its members."""
    if isinstance(value, list):
        for member in value:
            yield from _values_at(member, path)
    elif not path:
        yield value
    elif isinstance(value, Mapping) and path[0] in value:
        yield from _values_at(value[path[0]], path[1:])


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _selected(name: str, mode: str, available: int) -> int:
    read = _SELECTION.fullmatch(mode)
    if read is None or (read["kind"] == "ALL") != (read["number"] is None):
        raise EngineError(
            f"targets.{name}.selectionMode: {mode} is not ALL, COUNT(n) or PERCENT(n)",
            outcome="none",
            retryable=False,
        )
    if read["kind"] == "ALL":
        return available
    number = int(read["number"])
    return min(number, available) if read["kind"] == "COUNT" else available * number // 100


def _target(name: str, resource_type: str, found: Resource) -> Target:
    return Target(name, resource_type, found.arn, found.az, found.label)


def _resolved_arn(information: Mapping[str, str]) -> str:
    """FIS names the key after the resource type; the value is an ARN all the same."""
    arns = [value for value in information.values() if value.startswith("arn:")]
    return information.get("arn") or next(iter(arns), "")
