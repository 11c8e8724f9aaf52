"""The checks before going live: who puts each right, how long its answer counts, when it is
asked again by itself.

`CHECKS` is the one table of the limits. Used by services.preflight and queries.preflight.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from exercises.domain.times import Window

TEAM: Final = "Team"
ACCOUNT: Final = "Account owner"
LEAD: Final = "Exercise lead"
SAFETY: Final = "Safety officer"
ON_CALL: Final = "On-call"

FAILING: Final = frozenset({"fail", "stale", "missing", "pending"})
"""What keeps an experiment from starting: a no, no answer yet, or one that is too old."""


@dataclass(frozen=True, slots=True)
class CheckKind:
    """One question. `lasts` is how long its answer counts; None is for the whole window."""

    key: str
    label: str
    owner: str
    lasts: timedelta | None


_KINDS: Final = (
    CheckKind("role.read", "Role to read can be assumed", ACCOUNT, timedelta(days=7)),
    CheckKind("role.start", "Role to start can be assumed", ACCOUNT, timedelta(days=7)),
    CheckKind("role.stop", "Role to stop can be assumed", ACCOUNT, timedelta(days=7)),
    CheckKind("targets", "Targets resolve and stay under the limit", TEAM, timedelta(days=1)),
    CheckKind("rehearsal", "Rehearsal resolves what was approved", TEAM, timedelta(days=1)),
    CheckKind("undo", "FIS takes our stop", ACCOUNT, timedelta(days=7)),
    CheckKind("alarms", "Automatic stop is armed", TEAM, timedelta(hours=1)),
    CheckKind("probes", "Probes are fresh", TEAM, timedelta(hours=1)),
    CheckKind("lever", "Safety lever is not engaged", SAFETY, timedelta(hours=1)),
    CheckKind("freeze", "No freeze in the window", LEAD, timedelta(hours=1)),
    CheckKind("conflict", "No conflict in the slot", LEAD, timedelta(hours=1)),
    CheckKind("ladder", "Confidence ladder allows it", TEAM, timedelta(days=1)),
    CheckKind("on_call", "On-call has acknowledged", ON_CALL, None),
)
CHECKS: Final[Mapping[str, CheckKind]] = MappingProxyType({kind.key: kind for kind in _KINDS})
ASKED: Final = tuple(kind.key for kind in _KINDS if kind.key != "on_call")
"""The checks that are asked by us; the on-call answers for themselves."""
AWAITS: Final = timedelta(seconds=2)
"""How soon an answer that is not there yet is looked for again."""


def expires_at(kind: CheckKind, checked_at: datetime) -> datetime | None:
    return checked_at + kind.lasts if kind.lasts else None


def standing(kind: CheckKind, status: str, checked_at: datetime, *, now: datetime) -> str:
    """ok, warn, fail or pending as it was answered; stale once a good answer has aged out."""
    until = expires_at(kind, checked_at)
    if until is not None and now >= until and status in {"ok", "warn"}:
        return "stale"
    return status


def ask_again_at(kind: CheckKind, status: str, *, window: Window, now: datetime) -> datetime | None:
    """When a check answered now is asked again by itself: None when nobody needs it again.

    Until the window opens only as late as keeps the answer good at its start; from then on
    whenever four fifths of its time have passed. What failed waits for whoever puts it right.
    """
    if status == "fail" or kind.lasts is None or now >= window.ends_at:
        return None
    if status == "pending":
        return now + AWAITS
    if now + kind.lasts >= window.ends_at:
        return None
    return max(now + kind.lasts * 0.8, window.starts_at - kind.lasts / 2)
