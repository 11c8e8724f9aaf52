"""When each action of a document would start, in planned seconds from its start.

Reads any document without raising, because drafts are drawn before they are sound; what is
wrong with one is for domain.templates_lint to say. Called by queries.plans and pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from exercises.domain import toolkit_plan
from exercises.domain.durations import iso_seconds
from exercises.domain.errors import Invalid
from exercises.domain.fis_catalogue import DURATIONS
from exercises.domain.plans import JsonObject

SETTING: Final = "lambda:config:"
"""What the id of an action begins with that sets a parameter; its format follows."""


@dataclass(frozen=True, slots=True)
class PlannedAction:
    """One action on the planned timeline; `duration_s` 0 is over as soon as it is done.

    `note` says which actions it waits for.
    """

    name: str
    action_id: str
    offset_s: int
    duration_s: int
    note: str

    @property
    def ends_s(self) -> int:
        return self.offset_s + self.duration_s


def planned_actions(definition: JsonObject) -> tuple[PlannedAction, ...]:
    """The actions in the order in which they start, those at the same time by name.

    An action that waits for itself over others never starts, so it is not in here.
    """
    if isinstance(definition.get("experiment"), Mapping):
        return tuple(
            PlannedAction(step.name, step.called, step.offset_s, step.duration_s, "")
            for step in toolkit_plan.steps(definition)
        )
    waiting = _actions(definition)
    planned: dict[str, PlannedAction] = {}
    while ready := [name for name in waiting if not _after(waiting[name]) & waiting.keys()]:
        for name in ready:
            planned[name] = _planned(name, waiting.pop(name), planned)
    return tuple(sorted(planned.values(), key=lambda action: (action.offset_s, action.name)))


def planned_duration_s(definition: JsonObject) -> int:
    """From the first action's start to the last one's end."""
    return max((action.ends_s for action in planned_actions(definition)), default=0)


def action_duration_s(parameters: Mapping[str, object]) -> int:
    """How long an action with these parameters lasts; 0 when they name no readable duration."""
    for name in DURATIONS:
        text = parameters.get(name)
        if isinstance(text, str):
            try:
                return iso_seconds(text)
            except Invalid:
                return 0
    return 0


def _planned(
    name: str, action: Mapping[str, object], planned: Mapping[str, PlannedAction]
) -> PlannedAction:
    parameters = action.get("parameters")
    after = sorted(_after(action) & planned.keys())
    return PlannedAction(
        name=name,
        action_id=str(action.get("actionId", "")),
        offset_s=max((planned[other].ends_s for other in after), default=0),
        duration_s=action_duration_s(parameters if isinstance(parameters, Mapping) else {}),
        note=f"after {' and '.join(after)}" if after else "",
    )


def _actions(definition: JsonObject) -> dict[str, Mapping[str, object]]:
    actions = definition.get("actions")
    if not isinstance(actions, Mapping):
        return _settings(definition)
    return {
        name: action
        for name, action in sorted(actions.items())
        if isinstance(name, str) and isinstance(action, Mapping)
    }


def _settings(definition: JsonObject) -> dict[str, Mapping[str, object]]:
    """The parameters of a Lambda configuration: all are set at once, for its duration."""
    entries = definition.get("parameters")
    lasts = {"duration": definition.get("duration")}
    return {
        str(entry["name"]): {"actionId": f"{SETTING}{entry.get('format')}", "parameters": lasts}
        for entry in (entries if isinstance(entries, list) else ())
        if isinstance(entry, Mapping) and "name" in entry
    }


def _after(action: Mapping[str, object]) -> set[str]:
    names = action.get("startAfter")
    if not isinstance(names, list | tuple):
        return set()
    return {name for name in names if isinstance(name, str)}
