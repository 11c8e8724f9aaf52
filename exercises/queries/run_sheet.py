"""The run sheet: every slot on one axis of planned minutes from Go. Pure; used by web."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exercises.queries.exercise_plan import ExperimentRow


@dataclass(frozen=True)
class RunSheet:
    """The slots that have a duration, and the axis that holds them all."""

    rows: tuple[ExperimentRow, ...]
    total_s: int
    most_at_once: int


def run_sheet(rows: Sequence[ExperimentRow]) -> RunSheet:
    """The sheet of what is drafted or proposed; drafts that cannot be built are left out."""
    shown = tuple(
        sorted((row for row in rows if row.duration_s), key=lambda r: (r.offset_s, r.ends_s))
    )
    end = max((row.ends_s for row in shown), default=0)
    return RunSheet(rows=shown, total_s=end, most_at_once=_most_at_once(shown))


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
