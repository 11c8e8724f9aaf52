"""The digest of a plan: what people approve, and what must be running afterwards.

sha256 over the canonical JSON (RFC 8785) of everything that decides what happens. Same
meaning, same digest; any change, another digest and no valid approval.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from exercises.domain.canonical_json import canonical_bytes
from exercises.domain.plans import Plan

VERSION: Final = 1
"""Part of the document: a change of its shape may never look like an unchanged plan."""


def plan_document(plan: Plan) -> dict[str, object]:
    """The plan as plain JSON, as stored with the revision and shown in differences."""
    document: dict[str, object] = {
        "version": VERSION,
        "engine": plan.engine,
        "definition": dict(plan.definition),
        "account_id": plan.account_id,
        "region": plan.region,
        "window": [_instant(plan.window_starts_at), _instant(plan.window_ends_at)],
        "slot_offset_s": plan.slot_offset_s,
        "target_cap": plan.target_cap,
        "hypothesis": plan.hypothesis,
        "steady_state": [dict(probe) for probe in plan.steady_state],
    }
    if plan.expected_alarms:  # a plan that expects none keeps the digest it has always had
        document["expected_alarms"] = list(plan.expected_alarms)
    if plan.recheck_after_min:
        document["recheck_after_min"] = plan.recheck_after_min
    return document


def plan_digest(plan: Plan) -> str:
    return _hex(plan_document(plan))


@dataclass(frozen=True, slots=True)
class Change:
    """One leaf that differs; None on the side where it is missing."""

    path: str
    before: object
    after: object


def changes(before: Mapping[str, object], after: Mapping[str, object]) -> list[Change]:
    """Every leaf that differs between two documents, in the order of their paths."""
    old, new = dict(_leaves(before, "")), dict(_leaves(after, ""))
    return [
        Change(path, old.get(path), new.get(path))
        for path in sorted(old.keys() | new.keys())
        if old.get(path) != new.get(path)
    ]


def _leaves(value: object, path: str) -> list[tuple[str, object]]:
    if isinstance(value, Mapping) and value:
        pairs = [(f"{path}.{name}" if path else str(name), item) for name, item in value.items()]
    elif isinstance(value, Sequence) and not isinstance(value, str) and value:
        pairs = [(f"{path}[{index}]", item) for index, item in enumerate(value)]
    else:
        return [(path, value)]
    return [leaf for name, item in pairs for leaf in _leaves(item, name)]


def _instant(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise ValueError("a plan needs instants with a time zone")
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _hex(document: object) -> str:
    return hashlib.sha256(canonical_bytes(document)).hexdigest()
