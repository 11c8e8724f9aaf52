"""Actions as an account describes them: what the linter knows of them, and a first document.

An action that AWS added yesterday needs no release: what GetAction says of its parameters and
targets is all that a form and the linter need (AWS FIS API Reference, Action). Used by
queries.offered_actions and services.template_imports.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from exercises.domain.fis_catalogue import DURATIONS, MAX_DURATION_S, FisAction
from exercises.domain.generators import APPLICATION_TAG
from exercises.domain.parameters import MAX_PARAMETERS, MAX_TEXT

_LONGEST_NAME: Final = 40


@dataclass(frozen=True, slots=True)
class Offer:
    """One action. `parameters` maps names to (description, is required), `targets` each name
    to a type of resource."""

    action_id: str
    description: str
    parameters: Mapping[str, tuple[str, bool]]
    targets: Mapping[str, str]

    @property
    def known(self) -> FisAction:
        """As the linter knows actions. How short or long it may last is for FIS to say."""
        required = frozenset(name for name, (_, needed) in self.parameters.items() if needed)
        return FisAction(
            action_id=self.action_id,
            targets=dict(self.targets),
            required=required,
            optional=frozenset(self.parameters) - required,
            least_s=1,
            most_s=MAX_DURATION_S,
        )


@dataclass(frozen=True, slots=True)
class AccountTemplate:
    """A FIS template that stands in an account. `is_ours` was made for an experiment of ours."""

    ref: str
    description: str
    name: str
    changed_at: datetime | None
    is_ours: bool


def first_document(offer: Offer) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A document with this one action, and the parameters that its form asks for.

    The resources are those of the application that proposes; which of them, and how many, is
    the author's to say. What is optional can be left empty only by taking it out.
    """
    name = offer.action_id.rsplit(":", 1)[-1][:64] or "action"
    asked = [key for key, (_, needed) in offer.parameters.items() if needed][:MAX_PARAMETERS]
    action: dict[str, Any] = {
        "actionId": offer.action_id,
        "parameters": {key: _placeholder(key) for key in asked},
    }
    if offer.targets:
        action["targets"] = {key: _target_name(key) for key in offer.targets}
    document = {
        "description": f"{offer.action_id} on {{{{application}}}}",
        "targets": {
            _target_name(key): {
                "resourceType": kind,
                "resourceTags": {APPLICATION_TAG: "{{application}}"},
                "selectionMode": "COUNT(1)",
            }
            for key, kind in offer.targets.items()
        },
        "actions": {name: action},
        "stopConditions": [{"source": "aws:cloudwatch:alarm", "value": "{{alarm_arn}}"}],
        "roleArn": "{{fis_role_arn}}",
        "experimentOptions": {
            "accountTargeting": "single-account",
            "emptyTargetResolutionMode": "fail",
        },
    }
    return document, [_parameter(key, offer.parameters[key][0]) for key in asked]


def _target_name(key: str) -> str:
    return f"of-{key}"[:64]


def _placeholder(key: str) -> str:
    text = f"{{{{{_name(key)}}}}}"
    return f"PT{text}M" if key in DURATIONS else text


def _name(key: str) -> str:
    """A name of ours for one of AWS's: startupDelayMilliseconds, startup_delay_milliseconds."""
    snake = re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<!^)([A-Z])", r"_\1", key).lower())
    return (snake.strip("_") if snake[:1].isalpha() else f"p_{snake}")[:_LONGEST_NAME]


def _parameter(key: str, description: str) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "name": _name(key),
        "label": _name(key).replace("_", " ").capitalize(),
        "kind": "text",
        "required": True,
        "help": " ".join(description.split())[:MAX_TEXT],
    }
    if key in DURATIONS:
        asked |= {"kind": "minutes", "default": 5, "minimum": 1, "maximum": 60, "unit": "min"}
    return asked
