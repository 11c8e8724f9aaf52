"""The run sheet: every slot on one axis of planned minutes from Go. Pure; used by web."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from exercises.queries.exercise_plan import ExperimentRow

_STEPS_S: Final = (60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)
_MOST_TICKS: Final = 6


@dataclass(frozen=True)
class RunSheet:
    """The slots that have a duration, and the axis that holds them all."""

    rows: tuple[ExperimentRow, ...]
    step_s: int
    total_s: int
    most_at_once: int

    @property
    def ticks_s(self) -> tuple[int, ...]:
        return tuple(range(0, self.total_s + 1, self.step_s))


def run_sheet(rows: Sequence[ExperimentRow]) -> RunSheet:
    """The sheet of what is drafted or proposed; drafts that cannot be built are left out."""
    shown = tuple(
        sorted((row for row in rows if row.duration_s), key=lambda r: (r.offset_s, r.ends_s))
    )
    end = max((row.ends_s for row in shown), default=0)
    step = next((s for s in _STEPS_S if end <= s * _MOST_TICKS), _STEPS_S[-1])
    total = max(step, -(-end // step) * step)
    return RunSheet(rows=shown, step_s=step, total_s=total, most_at_once=_most_at_once(shown))


def _most_at_once(rows: Sequence[ExperimentRow]) -> int:
    """How many slots overlap at the busiest moment; one that ends frees the place."""
    turns = sorted(
        [(row.offset_s, 1) for row in rows] + [(row.ends_s, -1) for row in rows],
        key=lambda turn: (turn[0], turn[1]),
    )
    most = now = 0
    for _, change in turns:
        now += change
        most = max(most, now)
    return most
