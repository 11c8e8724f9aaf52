"""Template versions that must not be published, and what is said of each, on any door."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests import build


@dataclass(frozen=True)
class Mistake:
    """`field` is the exact place that the answer names."""

    definition: str
    field: str
    said: str
    parameters: str = json.dumps(build.PARAMETERS)


def _changed(change: Callable[[dict[str, Any]], object]) -> str:
    document = copy.deepcopy(build.DEFINITION)
    change(document)
    return json.dumps(document)


def _action(**more: object) -> dict[str, object]:
    return {
        "actionId": "aws:fis:wait",
        "parameters": {"duration": "PT1M"},
        **more,
    }


def _target(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["targets"]["one-instance"]
    return found


SOUND = json.dumps(build.DEFINITION)

MISTAKES = {
    "not JSON": Mistake("{not json", "definition", "not JSON"),
    "not JSON at all": Mistake("Stop one instance", "definition", "not JSON"),
    "the same key twice": Mistake('{"actions": {}, "actions": {}}', "definition", "twice"),
    "a list": Mistake("[]", "definition", "a JSON object"),
    "parameters that are not JSON": Mistake(SOUND, "parameters", "not JSON", "[{]"),
    "parameters that are no list": Mistake(SOUND, "parameters", "a JSON list", "{}"),
    "a parameter of no kind": Mistake(
        SOUND, "parameters[0].kind", "one of text", '[{"name": "minutes", "kind": "colour"}]'
    ),
    "a placeholder without a parameter": Mistake(
        SOUND, "definition.actions", "{{minutes}} has no value", "[]"
    ),
    "an unknown action": Mistake(
        _changed(lambda d: d["actions"]["Stop-one"].update(actionId="aws:ec2:stop-instance")),
        "definition.actions.Stop-one.actionId",
        "aws:ec2:stop-instances",
    ),
    "ARNs and tags": Mistake(
        _changed(
            lambda d: _target(d).update(
                resourceArns=["arn:aws:ec2:eu-central-1:111111111111:instance/i-1"]
            )
        ),
        "definition.targets.one-instance.resourceArns",
        "not both",
    ),
    "a circle": Mistake(
        _changed(
            lambda d: d["actions"].update(
                One=_action(startAfter=["Two"]), Two=_action(startAfter=["One"])
            )
        ),
        "definition.actions",
        "wait for each other",
    ),
    "an unknown action to wait for": Mistake(
        _changed(lambda d: d["actions"]["Stop-one"].update(startAfter=["Nothing"])),
        "definition.actions.Stop-one.startAfter",
        "there is no action “Nothing”",
    ),
    "no stop condition": Mistake(
        _changed(lambda d: d.pop("stopConditions")), "definition.stopConditions", "is missing"
    ),
    "no alarm for production": Mistake(
        _changed(lambda d: d.update(stopConditions=[{"source": "none"}])),
        "definition.stopConditions[0]",
        "in production an alarm must be able to stop",
    ),
}
