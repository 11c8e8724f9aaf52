"""What a Chaos Toolkit journal says of a run, in the states and verdicts of this product.

A table of what the journal really holds, which is not what its names suggest: an action that
failed leaves the status `completed`, and a hypothesis that was not met before the method leaves
`completed` and not deviated, though nothing was tried. Called by engines.toolkit_supervisor and
services.judge; the journal is kept with the run, so that anybody can read it again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from exercises.domain.engine_values import EngineStatus

LONGEST_REASON: Final = 400


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended, and why in words."""

    status: EngineStatus
    reason: str


def storable(value: Any) -> Any:
    """The same without what PostgreSQL refuses in JSON: NUL, halves of characters, NaN. An
    activity may return any of them, and all of the run would be lost with it."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {storable(str(key)): storable(item) for key, item in value.items()}
    return [storable(item) for item in value] if isinstance(value, list | tuple) else value


def outcome_of(journal: Mapping[str, Any]) -> Outcome:
    """The state of a run by its journal."""
    if _is_unmet(journal, "before"):
        return Outcome(
            EngineStatus.CANCELLED,
            f"Nothing was injected: {_unmet(journal, 'before')} was not as expected before.",
        )
    status = journal.get("status")
    if status == "interrupted":
        return Outcome(EngineStatus.STOPPED, "It was stopped; rollbacks were played.")
    if status == "aborted":
        return Outcome(EngineStatus.FAILED, "The Chaos Toolkit gave up in the middle of it.")
    failed = failed_activity(_entries(journal, "run"))
    if failed:
        return Outcome(EngineStatus.FAILED, failed)
    failed = failed_activity(_entries(journal, "rollbacks"))
    if failed:
        return Outcome(EngineStatus.FAILED, f"Not everything was put back. {failed}")
    if unmet := deviation_of(journal):
        return Outcome(EngineStatus.COMPLETED, unmet)
    if status == "completed":
        return Outcome(EngineStatus.COMPLETED, "")
    return Outcome(EngineStatus.FAILED, f"The journal ends with the status {str(status)[:40]!r}.")


def deviation_of(journal: Mapping[str, Any]) -> str:
    """In words what was not as expected after the method; empty when all was."""
    if journal.get("deviated") is True or _is_unmet(journal, "after"):
        return f"{_unmet(journal, 'after')} was not as expected after it."
    during = _states(journal).get("during")
    for state in during if isinstance(during, list) else ():
        if isinstance(state, Mapping) and state.get("steady_state_met") is False:
            return f"{_probe(state)} was not as expected while it ran."
    return ""


def failed_activity(entries: Sequence[Mapping[str, Any]]) -> str:
    """The first activity that failed, with its words; one without a status was interrupted."""
    for entry in entries:
        if entry.get("status") == "failed":
            told = entry.get("exception")
            last = str(told[-1]).strip() if isinstance(told, list) and told else ""
            name = str(_activity(entry).get("name", "An activity"))[:100]
            return f"{name} failed. {last}".strip()[:LONGEST_REASON]
    return ""


def _entries(journal: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = journal.get(key)
    return (
        [entry for entry in found if isinstance(entry, Mapping)] if isinstance(found, list) else []
    )


def _activity(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    found = entry.get("activity")
    return found if isinstance(found, Mapping) else {}


def _states(journal: Mapping[str, Any]) -> Mapping[str, Any]:
    found = journal.get("steady_states")
    return found if isinstance(found, Mapping) else {}


def _is_unmet(journal: Mapping[str, Any], when: str) -> bool:
    state = _states(journal).get(when)
    return isinstance(state, Mapping) and state.get("steady_state_met") is False


def _unmet(journal: Mapping[str, Any], when: str) -> str:
    state = _states(journal).get(when)
    return _probe(state) if isinstance(state, Mapping) else "The steady state"


def _probe(state: Mapping[str, Any]) -> str:
    """The last probe that was asked is the one that was outside: the others are not asked."""
    probes = _entries(state, "probes")
    name = _activity(probes[-1]).get("name") if probes else None
    return str(name)[:100] if name else "The steady state"
