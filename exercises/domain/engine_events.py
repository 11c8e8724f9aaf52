"""What EventBridge says of an experiment. Called by services.engine_events.

A message is a hint and may be forged: only what names a place and an experiment is read
(AWS FIS User Guide, "Monitor AWS FIS experiments using Amazon EventBridge").
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

DETAIL_TYPE: Final = "FIS Experiment State Change"


@dataclass(frozen=True, slots=True)
class StateChange:
    """An experiment of an account and Region has moved, says somebody."""

    account_id: str
    region: str
    ref: str


def state_change(body: str) -> StateChange | None:
    """What a message says; None when it is no state change of FIS."""
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict) or not isinstance(event.get("detail"), dict):
        return None
    if (event.get("source"), event.get("detail-type")) != ("aws.fis", DETAIL_TYPE):
        return None
    said = (event.get("account"), event.get("region"), event["detail"].get("experiment-id"))
    if not all(isinstance(each, str) and each for each in said):
        return None
    return StateChange(*map(str, said))
