"""What a screen reader is told while the room changes: changes of state, never the clock."""

from __future__ import annotations

from exercises.queries.live_room import Room, RoomRow
from exercises.web.looks import LOOKS

OUTSIDE_AFTER_S = 30
"""Planned seconds outside before it is said aloud: a blip is not news."""


def announcements(before: Room, after: Room) -> tuple[str, ...]:
    """Sentences for what changed between two looks at the same room."""
    earlier = {row.experiment_id: row for row in before.rows}
    return tuple(
        sentence
        for row in after.rows
        if (old := earlier.get(row.experiment_id)) is not None
        for sentence in _of_row(old, row)
    ) + _of_stop(before, after)


def _of_row(old: RoomRow, row: RoomRow) -> tuple[str, ...]:
    said = []
    if row.state != old.state and row.state:
        said.append(f"{row.title}: {LOOKS[row.state].words}.")
    if row.verdict and row.verdict != old.verdict:
        said.append(f"{row.title}: hypothesis {LOOKS[row.verdict].words.lower()}.")
    if _is_long_outside(row) and not _is_long_outside(old):
        said.append(f"{row.title}: outside steady state.")
    if _is_long_outside(old) and not _is_long_outside(row) and row.outside_s is None:
        said.append(f"{row.title}: back inside.")
    return tuple(said)


def _is_long_outside(row: RoomRow) -> bool:
    return row.outside_s is not None and row.outside_s > OUTSIDE_AFTER_S


def _of_stop(before: Room, after: Room) -> tuple[str, ...]:
    if after.stop is None:
        return ()
    if before.stop is None:
        return ("Stop requested.",)
    done = {
        (run.run_id, step.label)
        for run in before.stop.runs
        for step in run.steps
        if step.at is not None
    }
    return tuple(
        f"{run.title}: {step.label.lower()}."
        for run in after.stop.runs
        for step in run.steps
        if step.at is not None and (run.run_id, step.label) not in done
    )
