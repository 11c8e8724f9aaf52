"""The actions and resource types that FIS knows, from catalogue.json.

Source of the data: AWS FIS User Guide, "AWS FIS Actions reference" and "AWS FIS targets".
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Action:
    """One kind of action: the one target it takes and its parameters."""

    id: str
    description: str
    target_key: str | None
    resource_type: str | None
    required: tuple[str, ...]
    optional: tuple[str, ...]

    @property
    def parameters(self) -> tuple[str, ...]:
        return self.required + self.optional


@dataclass(frozen=True, slots=True)
class ResourceType:
    """One kind of target and the parameters that select it."""

    id: str
    required: tuple[str, ...]
    optional: tuple[str, ...]

    @property
    def parameters(self) -> tuple[str, ...]:
        return self.required + self.optional


def _load() -> tuple[dict[str, Action], dict[str, ResourceType]]:
    data: dict[str, Any] = json.loads((Path(__file__).parent / "catalogue.json").read_text())
    actions = {}
    for name, entry in data["actions"].items():
        key, kind = entry["target"] or (None, None)
        required, optional = tuple(entry["required"]), tuple(entry["optional"])
        actions[name] = Action(name, entry["description"], key, kind, required, optional)
    types = {
        name: ResourceType(name, tuple(entry["required"]), tuple(entry["optional"]))
        for name, entry in data["resource_types"].items()
    }
    return actions, types


ACTIONS, RESOURCE_TYPES = _load()
