"""What a run may leave changed, as an engine saw it at one moment.

Taken before a start and after the end (engines.protocol), compared by domain.residue. Which
actions of AWS FIS may leave what is data in fis_residue.json, beside fis_actions.json.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from exercises.domain.errors import EngineError
from exercises.domain.plans import JsonObject

MOST_CALLS: Final = 60
"""Read calls of one snapshot: what needs more is refused rather than half looked at."""
MOST_TRACES: Final = 2000


@dataclass(frozen=True, slots=True)
class Trace:
    """What one resource looks like. `kind` says by which rule it is compared; `values` are
    what is compared and what is needed to put it back. `account` says where it is when a run
    reaches several, and is empty for all others."""

    kind: str
    resource: str
    label: str
    values: Mapping[str, Any]
    account: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The traces of everything that a definition may hit, and in words what was not looked at."""

    traces: tuple[Trace, ...]
    unseen: tuple[str, ...] = ()

    @property
    def hash(self) -> str:
        """SHA-256 over the whole of it: what a certificate says was compared."""
        text = json.dumps(as_json(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def as_json(snapshot: Snapshot) -> dict[str, Any]:
    """The snapshot as it is stored."""
    return {
        "traces": [_trace_as_json(trace) for trace in snapshot.traces],
        "unseen": list(snapshot.unseen),
    }


def _trace_as_json(trace: Trace) -> dict[str, Any]:
    row = asdict(trace)
    if not trace.account:  # hashes of snapshots from before there was one stay as they are
        del row["account"]
    return row


def from_json(stored: Mapping[str, Any]) -> Snapshot:
    """The snapshot as it was stored."""
    traces = tuple(
        Trace(row["kind"], row["resource"], row["label"], row["values"], row.get("account", ""))
        for row in stored["traces"]
    )
    return Snapshot(traces, tuple(stored["unseen"]))


def merged(by_account: Mapping[str, Snapshot]) -> Snapshot:
    """The snapshots of several accounts as one, in which every trace says where it is."""
    traces = tuple(
        replace(trace, account=account)
        for account, part in by_account.items()
        for trace in part.traces
    )
    unseen = dict.fromkeys(words for part in by_account.values() for words in part.unseen)
    return Snapshot(traces, tuple(unseen))


def part_of(snapshot: Snapshot, account: str) -> Snapshot:
    """What a merged snapshot holds of one account, as the engine took it there."""
    traces = tuple(
        replace(trace, account="") for trace in snapshot.traces if trace.account == account
    )
    return Snapshot(traces, snapshot.unseen)


class Calls:
    """Counts the read calls of one snapshot. Raises EngineError beyond the limit."""

    def __init__(self, most: int = MOST_CALLS) -> None:
        self._most = most
        self._left = most

    def spend(self) -> None:
        if not self._left:
            raise too_much(f"more than {self._most} calls to AWS")
        self._left -= 1


def too_much(what: str) -> EngineError:
    """Why there is no snapshot: it would not be the whole of it."""
    return EngineError(
        f"Could not note how it is before the start: that takes {what}. "
        "Narrow the targets by tags, filters or ARNs.",
        outcome="none",
        retryable=False,
    )


@dataclass(frozen=True, slots=True)
class Leaves:
    """What an action may leave changed, by kind of trace; `unseen` is what nobody sees here."""

    kinds: tuple[str, ...]
    unseen: str


@cache
def leaves_of_fis() -> Mapping[str, Leaves]:
    """By the id of the action."""
    text = (Path(__file__).parent / "fis_residue.json").read_text(encoding="utf-8")
    return {
        action_id: Leaves(tuple(entry["leaves"]), entry["unseen"])
        for action_id, entry in json.loads(text).items()
    }


def leaves_of(action_id: str) -> Leaves:
    """What this action may leave; of one that is not in the table, nothing is looked at."""
    known = leaves_of_fis().get(action_id)
    return known or Leaves((), f"{action_id} is not known here, so nothing of it is looked at")


def unseen_of(action_ids: Iterable[str]) -> tuple[str, ...]:
    """What no comparison covers, each once."""
    said = (leaves_of(action_id).unseen for action_id in action_ids)
    return tuple(dict.fromkeys(words for words in said if words))


def actions_of(definition: JsonObject) -> Sequence[Mapping[str, Any]]:
    """The actions of an FIS definition, by name."""
    found = definition.get("actions")
    return [body for _, body in sorted(found.items())] if isinstance(found, Mapping) else []
