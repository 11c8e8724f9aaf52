"""The actions of AWS FIS: what each one targets and which parameters it takes.

Data in fis_actions.json, from the AWS FIS User Guide, "AWS FIS actions reference". Used by
domain.templates_lint and domain.timeline.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

# The parameters that hold a duration, in the order in which they decide how long an action
# lasts. Limits: AWS FIS User Guide, "Actions for AWS FIS", duration.
DURATIONS: Final = (
    "duration",
    "maxDuration",
    "startInstancesAfterDuration",
    "durationBeforeInterruption",
)
MAX_DURATION_S: Final = 12 * 3600
LONGEST_ID: Final = 128
"""Nobody mistypes a longer id, and comparing one with every other is slow."""


@dataclass(frozen=True, slots=True)
class FisAction:
    """`targets` maps the name an action gives its target to the type of resource."""

    action_id: str
    targets: Mapping[str, str]
    required: frozenset[str]
    optional: frozenset[str]
    least_s: int
    most_s: int


@cache
def actions() -> Mapping[str, FisAction]:
    """Every known action by its id."""
    text = (Path(__file__).parent / "fis_actions.json").read_text(encoding="utf-8")
    return {
        action_id: FisAction(
            action_id=action_id,
            targets=entry["targets"],
            required=frozenset(entry["required"]),
            optional=frozenset(entry["optional"]),
            least_s=entry.get("least_s", 60),
            most_s=entry.get("most_s", MAX_DURATION_S),
        )
        for action_id, entry in json.loads(text).items()
    }


def nearest(action_id: str, offered: Iterable[str]) -> str:
    """The action among these whose id is most like this one; empty when none is."""
    if len(action_id) > LONGEST_ID:
        return ""
    found = difflib.get_close_matches(action_id, list(offered), n=1, cutoff=0.6)
    return found[0] if found else ""
