"""The run sheet: every slot of an exercise in planned minutes from Go, wave by wave. Pure; used
by web."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from exercises.domain.waves import planned_starts
from exercises.queries.exercise_plan import ExperimentRow
from exercises.queries.plans import planned_wall


@dataclass(frozen=True)
class Placed:
    """A row where the paper has it, counted from Go."""

    row: ExperimentRow
    wave_starts_s: int

    @property
    def offset_s(self) -> int:
        return self.wave_starts_s + self.row.offset_s

    @property
    def ends_s(self) -> int:
        return self.offset_s + self.row.duration_s

    @property
    def starts_at(self) -> datetime:
        """What happened, else what is planned."""
        if self.row.run is not None and not self.row.is_held:
            return self.row.starts_at
        planned: datetime = self.row.planned_at + planned_wall(self.wave_starts_s)
        return planned


@dataclass(frozen=True)
class RunSheet:
    """The slots that have a duration, and the axis that holds them all."""

    rows: tuple[Placed, ...]
    total_s: int
    most_at_once: int

    @property
    def waves(self) -> tuple[int, ...]:
        return tuple(sorted({placed.row.experiment.wave for placed in self.rows}))


def run_sheet(rows: Sequence[ExperimentRow]) -> RunSheet:
    """The sheet of what is drafted or proposed; drafts that cannot be built are left out."""
    known = [row for row in rows if row.duration_s and row.experiment.status != "cancelled"]
    starts = planned_starts((row.experiment.wave, row.ends_s) for row in known)
    shown = tuple(
        sorted(
            (Placed(row, starts[row.experiment.wave]) for row in known),
            key=lambda placed: (placed.offset_s, placed.ends_s),
        )
    )
    end = max((placed.ends_s for placed in shown), default=0)
    return RunSheet(rows=shown, total_s=end, most_at_once=_most_at_once(shown))


def _most_at_once(rows: Sequence[Placed]) -> int:
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
