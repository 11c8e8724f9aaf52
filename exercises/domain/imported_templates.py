"""From a FIS template of one account to one that every team can use.

What belongs to the account becomes a placeholder, lengths become parameters, and what FIS
added itself is left out. What was changed is said, so that its author can look at it again.
Used by services.template_imports.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from exercises.domain.durations import iso_seconds
from exercises.domain.errors import Invalid
from exercises.domain.fis_catalogue import DURATIONS
from exercises.domain.generators import APPLICATION_TAG
from exercises.domain.plans import JsonObject
from exercises.domain.templates_lint import OPTIONAL, REQUIRED

_LONGEST_LABEL: Final = 120
_ZONE: Final = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9][a-z]")


@dataclass(frozen=True, slots=True)
class Imported:
    """`changed` says in words what was replaced."""

    definition: dict[str, Any]
    parameters: list[dict[str, Any]]
    changed: tuple[str, ...]


def from_account(echo: JsonObject, *, account_id: str, region: str) -> Imported:
    """The template as GetExperimentTemplate describes it, made usable elsewhere."""
    body = {key: _plain(echo[key]) for key in (*REQUIRED, *OPTIONAL) if echo.get(key)}
    changed: list[str] = []
    if body.get("roleArn"):
        body["roleArn"] = "{{fis_role_arn}}"
        changed.append("The role is that of each account.")
    changed += _stops(body)
    changed += _scope(body)
    body = _places(body, account_id=account_id, region=region, zone=_only_zone(body))
    parameters = _lengths(body)
    if parameters:
        changed.append("How long it lasts is asked, at most as long as here.")
    return Imported(body, parameters, tuple(changed))


def _plain(value: Any) -> Any:
    """Without what FIS fills in as empty."""
    if isinstance(value, Mapping):
        members = {str(name): _plain(item) for name, item in value.items()}
        return {name: item for name, item in members.items() if item not in (None, {}, [])}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _stops(body: dict[str, Any]) -> list[str]:
    """The first alarm becomes that of the deployment; an experiment without one gets it."""
    conditions = body.get("stopConditions") or []
    alarms = [entry for entry in conditions if entry.get("source") != "none"]
    first = {"source": "aws:cloudwatch:alarm", "value": "{{alarm_arn}}"}
    body["stopConditions"] = [first, *alarms[1:]]
    if alarms:
        return ["The first alarm is that of each deployment."]
    return ["An alarm stops it now: that of each deployment."]


def _scope(body: dict[str, Any]) -> list[str]:
    """Tags of one application become those of the application that proposes."""
    scoped = []
    for name, target in body.get("targets", {}).items():
        if APPLICATION_TAG in target.get("resourceTags", {}):
            target["resourceTags"][APPLICATION_TAG] = "{{application}}"
            scoped.append(name)
    return [f"{', '.join(sorted(scoped))}: of the application that proposes."] if scoped else []


def _only_zone(body: Mapping[str, Any]) -> str:
    """The one Availability Zone that is named; empty when there are none or several."""
    zones = {text for text in _texts(body) if _ZONE.fullmatch(text)}
    return zones.pop() if len(zones) == 1 else ""


def _texts(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [text for item in value.values() for text in _texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return [value] if isinstance(value, str) else []


def _places(value: Any, *, account_id: str, region: str, zone: str) -> Any:
    """Account, Region and zone as placeholders, the first two only within ARNs."""
    if isinstance(value, Mapping):
        return {
            name: _places(item, account_id=account_id, region=region, zone=zone)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [_places(item, account_id=account_id, region=region, zone=zone) for item in value]
    if not isinstance(value, str):
        return value
    if zone and value == zone:
        return "{{az}}"
    if value.startswith("arn:"):
        partition, service, where, account, rest = (value.split(":", 5) + [""] * 5)[1:6]
        where = "{{region}}" if where == region else where
        account = "{{account_id}}" if account == account_id else account
        return f"arn:{partition}:{service}:{where}:{account}:{rest}"
    return value


def _lengths(body: dict[str, Any]) -> list[dict[str, Any]]:
    """One parameter for each length in whole minutes, however many actions last that long."""
    places: dict[int, list[tuple[str, dict[str, Any], str]]] = {}
    for action_name, action in sorted(body.get("actions", {}).items()):
        given = action.get("parameters", {})
        for key in DURATIONS:
            minutes = _whole_minutes(given.get(key))
            if minutes:
                places.setdefault(minutes, []).append((action_name, given, key))
    parameters = []
    for number, minutes in enumerate(sorted(places, reverse=True), start=1):
        name = f"minutes_{number}" if len(places) > 1 else "minutes"
        for _, given, key in places[minutes]:
            given[key] = f"PT{{{{{name}}}}}M"
        names = ", ".join(dict.fromkeys(action for action, _, _ in places[minutes]))
        parameters.append(_parameter(name, names, minutes))
    return parameters


def _parameter(name: str, of: str, minutes: int) -> dict[str, Any]:
    return {
        "name": name,
        "label": f"{of} for"[:_LONGEST_LABEL],
        "kind": "minutes",
        "default": minutes,
        "required": True,
        "minimum": 1,
        "maximum": minutes,
        "unit": "min",
    }


def _whole_minutes(text: object) -> int:
    try:
        minutes, rest = divmod(iso_seconds(text), 60) if isinstance(text, str) else (0, 0)
    except Invalid:
        return 0
    return 0 if rest else minutes
