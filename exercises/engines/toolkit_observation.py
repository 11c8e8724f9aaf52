"""The log of a Chaos Toolkit run as an observation. engines.chaostoolkit is the caller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from exercises.domain.engine_values import ActionObservation, EngineStatus, Observation
from exercises.domain.toolkit_plan import steps

_STOPPING: Final = frozenset({"stopping", "killed", "recovering", "putting-back", "put-back"})
_PUTS_BACK: Final = "rollback"


def observation_of(
    ref: str, order: Mapping[str, Any], events: Sequence[Mapping[str, Any]]
) -> Observation:
    """The state of a run by its order and its log."""
    seen = Observation(ref, EngineStatus.PENDING, "", None, None, ())
    for event in events:
        at = datetime.fromisoformat(event["at"])
        match event["kind"]:
            case "began":
                seen = replace(seen, status=EngineStatus.RUNNING, started_at=at)
            case "ended":
                status = EngineStatus(event["status"])
                seen = replace(seen, status=status, reason=str(event["reason"]), ended_at=at)
            case kind if kind in _STOPPING:
                seen = replace(seen, status=EngineStatus.STOPPING)
    is_over = seen.status.is_terminal
    return replace(seen, actions=tuple(_actions(order["definition"], events, is_over=is_over)))


def _actions(
    definition: Mapping[str, Any], events: Sequence[Mapping[str, Any]], *, is_over: bool
) -> list[ActionObservation]:
    """The activities of the method in their order, then the rollbacks that were played."""
    waiting = "cancelled" if is_over else "pending"
    found = {
        step.name: ActionObservation(step.name, step.called, waiting, "", None, None)
        for step in steps(definition)
    }
    for event in events:
        if event["kind"] != "activity" or event.get("phase") not in {"method", "rollbacks"}:
            continue
        name, at = str(event.get("name")), datetime.fromisoformat(event["at"])
        usual = ActionObservation(name, _PUTS_BACK, "", "", None, None)
        before = found.get(name, usual)
        if event.get("status") == "running":
            found[name] = replace(before, status="running", started_at=at, ended_at=None)
        else:
            reason = str(event.get("reason", "")).strip()[-300:]
            status = str(event.get("status", ""))
            found[name] = replace(before, status=status, reason=reason, ended_at=at)
    return [_settled(action, is_over) for action in found.values()]


def _settled(action: ActionObservation, is_over: bool) -> ActionObservation:
    """What ran when all was over was ended with it."""
    return replace(action, status="stopped") if is_over and action.status == "running" else action
