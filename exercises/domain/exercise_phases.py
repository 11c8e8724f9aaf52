"""The phases of an exercise and the moves between them.

`MOVES` is the only statement of the moves; pages ask `next_phase` for the one step that
leads on.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from exercises.domain.errors import Conflict


class Phase(StrEnum):
    PLAN = "plan"
    JOIN = "join"
    APPROVE = "approve"
    PREFLIGHT = "preflight"
    LIVE = "live"
    DEBRIEF = "debrief"
    CLOSED = "closed"
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        return _LABELS[self]


_P = Phase

ORDER: Final = (_P.PLAN, _P.JOIN, _P.APPROVE, _P.PREFLIGHT, _P.LIVE, _P.DEBRIEF, _P.CLOSED)

_LABELS: Final = {
    _P.PLAN: "Plan",
    _P.JOIN: "Join",
    _P.APPROVE: "Approve",
    _P.PREFLIGHT: "Pre-flight",
    _P.LIVE: "Live",
    _P.DEBRIEF: "Debrief",
    _P.CLOSED: "Closed",
    _P.CANCELLED: "Cancelled",
}

MOVES: Final[Mapping[Phase, frozenset[Phase]]] = MappingProxyType(
    {
        _P.PLAN: frozenset({_P.JOIN, _P.CANCELLED}),
        _P.JOIN: frozenset({_P.PLAN, _P.APPROVE, _P.CANCELLED}),
        _P.APPROVE: frozenset({_P.JOIN, _P.PREFLIGHT, _P.CANCELLED}),
        _P.PREFLIGHT: frozenset({_P.APPROVE, _P.LIVE, _P.CANCELLED}),
        # Live never goes back: what was injected was injected.
        _P.LIVE: frozenset({_P.DEBRIEF}),
        _P.DEBRIEF: frozenset({_P.CLOSED}),
    }
)

TERMINAL: Final = frozenset(Phase) - MOVES.keys()

BEFORE_LIVE: Final = frozenset({_P.PLAN, _P.JOIN, _P.APPROVE, _P.PREFLIGHT})
"""What it will be can still be arranged."""
OVER: Final = frozenset({_P.DEBRIEF, _P.CLOSED, _P.CANCELLED})
"""Nothing of it starts any more."""


def move(current: Phase, to: Phase) -> Phase:
    """Return `to` if an exercise may go there. Raises Conflict when it may not."""
    if to not in MOVES.get(current, frozenset()):
        raise Conflict(f"an exercise cannot go from {current.label.lower()} to {to.label.lower()}")
    return to


def next_phase(current: Phase) -> Phase | None:
    """The step that leads on; None at the end."""
    if current in TERMINAL:
        return None
    return ORDER[ORDER.index(current) + 1]
