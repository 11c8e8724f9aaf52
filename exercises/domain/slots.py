"""Free slots: when something of a given length could start without being in anyone's way.

Called by queries.free_slots. Steps are counted from the first moment given, so that a slot of
an exercise falls on a round minute of its run sheet.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from exercises.domain.times import Window
from exercises.domain.working_hours import WorkingHours

MOST_STEPS: Final = 20_000
"""More than two weeks of minutes: a search ends, whatever is asked."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """Spans of which at most `limit` may overlap, the new one included."""

    spans: tuple[Window, ...]
    limit: int


def free_slots(
    *,
    within: Window,
    duration: timedelta,
    step: timedelta,
    busy: Sequence[Window] = (),
    crowds: Sequence[Crowd] = (),
    hours: Collection[WorkingHours] = (),
    limit: int = 3,
) -> list[datetime]:
    """The first starts in the window that fit, each after the one before has ended.

    Nothing overlaps `busy` (others in the way, freezes), nothing goes over the limit of a crowd,
    and all of it lies in each of these working hours. Raises ValueError for a step or duration
    of nothing.
    """
    if duration <= timedelta() or step <= timedelta():
        raise ValueError("duration and step need to be longer than nothing")
    found: list[datetime] = []
    for start in _steps(within, duration, step):
        if found and start < found[-1] + duration:
            continue
        span = Window(start, start + duration)
        if (
            not any(span.overlaps(other) for other in busy)
            and all(_has_room(span, crowd) for crowd in crowds)
            and all(each.hold(span) for each in hours)
        ):
            found.append(start)
            if len(found) == limit:
                break
    return found


def _steps(within: Window, duration: timedelta, step: timedelta) -> Iterator[datetime]:
    start = within.starts_at
    for _ in range(MOST_STEPS):
        if start + duration > within.ends_at:
            return
        yield start
        start += step


def _has_room(span: Window, crowd: Crowd) -> bool:
    """The fullest moment inside the span is at its start or at the start of another."""
    others = [other for other in crowd.spans if other.overlaps(span)]
    moments = [span.starts_at, *(o.starts_at for o in others if o.starts_at > span.starts_at)]
    return all(1 + sum(o.contains(moment) for o in others) <= crowd.limit for moment in moments)
