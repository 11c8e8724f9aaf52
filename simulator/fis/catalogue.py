"""The actions and resource types that FIS knows, from catalogue.json.

Source of the data: AWS FIS User Guide, "AWS FIS Actions reference" and "AWS FIS targets".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator.fis.parameters import Rule


@dataclass(frozen=True, slots=True)
class Action:
    """One kind of action: the one target it takes and its parameters."""

    id: str
    description: str
    target_key: str | None
    resource_type: str | None
    required: tuple[str, ...]
    optional: tuple[str, ...]
    rules: Mapping[str, Rule]
    defaults: Mapping[str, str]

    @property
    def parameters(self) -> tuple[str, ...]:
        return self.required + self.optional


@dataclass(frozen=True, slots=True)
class ResourceType:
    """One kind of target and the parameters that select it."""

    id: str
    description: str
    required: tuple[str, ...]
    optional: tuple[str, ...]
    rules: Mapping[str, Rule]

    @property
    def parameters(self) -> tuple[str, ...]:
        return self.required + self.optional


def _load() -> tuple[dict[str, Action], dict[str, ResourceType]]:
    data: dict[str, Any] = json.loads((Path(__file__).parent / "catalogue.json").read_text())
    common = data["parameters"]
    actions, types = {}, {}
    for name, entry in data["actions"].items():
        key, kind = entry["target"] or (None, None)
        required, optional = tuple(entry["required"]), tuple(entry["optional"])
        rules = _rules(common, required + optional, entry.get("rules", {}))
        defaults = entry.get("defaults", {})
        actions[name] = Action(
            name, entry["description"], key, kind, required, optional, rules, defaults
        )
    for name, entry in data["resource_types"].items():
        required, optional = tuple(entry["required"]), tuple(entry["optional"])
        rules = _rules(common, required + optional)
        types[name] = ResourceType(name, entry["description"], required, optional, rules)
    return actions, types


def _rules(
    common: Mapping[str, Any], names: tuple[str, ...], own: Mapping[str, Any] | None = None
) -> dict[str, Rule]:
    """What each parameter may be: what is common to all actions, and what this one says."""
    return {name: Rule(**common[name] | (own or {}).get(name, {})) for name in names}


ACTIONS, RESOURCE_TYPES = _load()
