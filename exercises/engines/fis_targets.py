"""What an FIS definition would hit now, found without an experiment. Used by engines.fis.

Follows the resolution of FIS (AWS FIS User Guide, "Targets for AWS FIS"): tags and filters
all hold, values of one filter are alternatives, then the selection mode takes some. FIS
takes them at random: here it is the first by name, so the count is right and the names are
candidates.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from exercises.domain.engine_values import Target
from exercises.domain.errors import EngineError
from exercises.domain.plans import AccountAccess, JsonObject
from exercises.domain.target_accounts import account_of, target_accounts
from exercises.engines.fis_resources import Resource, has_reader, resources, zone_names
from exercises.engines.fis_tagged import name_in, tagged_resources

_SELECTION: Final = re.compile(r"(?P<kind>ALL|COUNT|PERCENT)(\((?P<number>\d+)\))?")
_ZONE_PARAMETERS: Final = (
    "availabilityZoneIdentifier",
    "availabilityZoneIdentifiers",
    "writerAvailabilityZoneIdentifiers",
)


def preview(access: AccountAccess, definition: JsonObject) -> list[Target]:
    """The targets of the definition, target by target, each sorted by zone and name.

    Of a definition of several accounts, those in this one: never fewer in all of them together
    than FIS takes, because a number counts in each and a percentage rounds up.
    """
    rounds_up = bool(target_accounts(definition))
    return _targets(access, definition, partial(_selected, rounds_up=rounds_up))


def candidates(access: AccountAccess, definition: JsonObject) -> list[Target]:
    """Everything that FIS may choose from, whatever the selection mode leaves of it."""
    return _targets(access, definition, _everything)


_Choice = Callable[[str, str, int], int]
"""How many are taken: by the name of the target, its selection mode and how many there are."""


def _targets(access: AccountAccess, definition: JsonObject, choose: _Choice) -> list[Target]:
    wanted = definition.get("targets")
    if not isinstance(wanted, Mapping):
        return []
    if target_accounts(definition):
        wanted = _here(access, wanted)
    estate = _estate(access, wanted.values())
    return [
        target
        for name, body in sorted(wanted.items())
        for target in _resolve(access, name, body, estate[body["resourceType"]], choose)
    ]


def _here(access: AccountAccess, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What targets in several accounts mean in this one: an ARN says where it lies."""
    found = {}
    for name, body in wanted.items():
        arns = body.get("resourceArns")
        here = [arn for arn in arns or () if account_of(arn) in ("", access.account_id)]
        if here or not arns:
            found[name] = {**body, "resourceArns": here}
    return found


def resolved_targets(resolved: Sequence[Mapping[str, Any]]) -> list[Target]:
    """Targets as FIS resolved them, each by its ARN alone."""
    found = []
    for item in resolved:
        arn = _resolved_arn(item.get("targetInformation", {}))
        resource = Resource(arn, "", name_in(arn), {})
        found.append(_target(item.get("targetName", ""), item["resourceType"], resource))
    return found


def located(access: AccountAccess, targets: Sequence[Target]) -> list[Target]:
    """The same with the zone and name of those that lie in this account and can be read."""
    kinds = {
        target.resource_type
        for target in targets
        if account_of(target.arn) in ("", access.account_id)
    }
    known = {found.arn: found for kind in kinds for found in resources(access, kind, ())}
    return [
        replace(target, az=known[target.arn].az, label=known[target.arn].label)
        if target.arn in known
        else target
        for target in targets
    ]


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
    choose: _Choice,
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
    count = choose(name, body.get("selectionMode", "ALL"), len(matching))
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


def _everything(name: str, mode: str, available: int) -> int:
    return available


def _selected(name: str, mode: str, available: int, *, rounds_up: bool) -> int:
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
    if read["kind"] == "COUNT":
        return min(number, available)
    return (available * number + (99 if rounds_up else 0)) // 100


def _target(name: str, resource_type: str, found: Resource) -> Target:
    return Target(name, resource_type, found.arn, found.az, found.label)


def _resolved_arn(information: Mapping[str, str]) -> str:
    """FIS names the key after the resource type; the value is an ARN all the same."""
    arns = [value for value in information.values() if value.startswith("arn:")]
    return information.get("arn") or next(iter(arns), "")
