"""What people expected of a run, against what happened.

Pure. Called by the queries of the debrief. What counts was said before the fault.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exercises.domain.verdicts import RunVerdict


@dataclass(frozen=True, slots=True)
class Expected:
    """One person's word: whether it holds, and back inside after how many seconds."""

    holds: bool
    recovery_s: int | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """How many of those who said something were right; `median_recovery_s` is what they
    expected, of an even number the longer."""

    said: int
    right: int | None
    median_recovery_s: int | None

    @property
    def is_surprise(self) -> bool:
        """Most had expected otherwise."""
        return self.right is not None and self.said > 0 and 2 * self.right < self.said


def compare(expected: Sequence[Expected], verdict: str) -> Compared:
    """Judge what was said by what happened; an inconclusive run makes nobody right."""
    times = sorted(one.recovery_s for one in expected if one.recovery_s is not None)
    right = None
    if verdict in {RunVerdict.HELD.value, RunVerdict.NOT_HELD.value}:
        held = verdict == RunVerdict.HELD.value
        right = sum(one.holds is held for one in expected)
    return Compared(
        said=len(expected),
        right=right,
        median_recovery_s=times[len(times) // 2] if times else None,
    )
