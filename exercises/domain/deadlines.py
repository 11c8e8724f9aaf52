"""The days around an exercise that people keep: when proposals are due, when pre-flight opens.

A rhythm for the calendar, not a rule of the gate: what refuses a start is in domain.gate.
Called by queries.calendar.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

_SATURDAY: Final = 5
_WEEK: Final = 7


@dataclass(frozen=True, slots=True)
class Deadline:
    """One day that belongs to an exercise. `key` names it for ever."""

    key: str
    words: str
    day: date


_BEFORE: Final = (
    ("proposals", "Proposals due", 8),
    ("approvals", "Approvals due", 5),
    ("preflight", "Pre-flight opens", 2),
)
_DEBRIEF_AFTER: Final = 2


def deadlines_of(day: date) -> Iterator[Deadline]:
    """The deadlines of an exercise on this local day, in order, none of them on a weekend.

    What is due before moves to the Friday before, the debrief to the Monday after.
    """
    for key, words, days in _BEFORE:
        due = day - timedelta(days=days)
        yield Deadline(key, words, due - timedelta(days=max(0, due.weekday() - _SATURDAY + 1)))
    after = day + timedelta(days=_DEBRIEF_AFTER)
    if after.weekday() >= _SATURDAY:
        after += timedelta(days=_WEEK - after.weekday())
    yield Deadline("debrief", "Debrief", after)
