"""The life of a run's clean-up: looked at until clean, or until people have to see to it.

Pure; services.sweep keeps to it. AWS may still be rolling back when an experiment has ended,
so what differs is looked at again with growing pauses before anybody is asked.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

LIMIT_S: Final = 1800
"""Planned seconds after the end of a run for which AWS may still be rolling back."""
RUNNING_S: Final = 60
"""Planned seconds until a run that had not ended yet is asked for again."""
_FIRST_S: Final = 30
_LONGEST_S: Final = 480


class CleanUpState(StrEnum):
    WAITING = "waiting"
    LOOKING = "looking"
    CLEAN = "clean"
    LEFT = "left"
    WAIVED = "waived"

    @property
    def label(self) -> str:
        return _LABELS[self]

    @property
    def is_settled(self) -> bool:
        return self in SETTLED


_LABELS: Final = {
    CleanUpState.WAITING: "Waits for the end of the run",
    CleanUpState.LOOKING: "Being looked at",
    CleanUpState.CLEAN: "Clean",
    CleanUpState.LEFT: "Something is left",
    CleanUpState.WAIVED: "Left as it is",
}
SETTLED: Final = frozenset({CleanUpState.CLEAN, CleanUpState.WAIVED})


def pause_s(looks: int) -> float:
    """Planned seconds until the next look, after this many."""
    return float(min(_FIRST_S * 2 ** min(looks, 10), _LONGEST_S))


def after_a_look(state: CleanUpState, *, is_clean: bool, since_end_s: float) -> CleanUpState:
    """Where a look leads. What people were asked for stays theirs until it is clean."""
    if is_clean:
        return CleanUpState.CLEAN
    if state is CleanUpState.LEFT or since_end_s >= LIMIT_S:
        return CleanUpState.LEFT
    return CleanUpState.LOOKING
