"""Spans of time: aware instants, half-open, so that two in a row share no moment; and zones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cache
from zoneinfo import ZoneInfo, available_timezones


@dataclass(frozen=True, slots=True)
class Window:
    """From `starts_at` up to but not including `ends_at`. Refuses naive instants."""

    starts_at: datetime
    ends_at: datetime

    def __post_init__(self) -> None:
        for moment in (self.starts_at, self.ends_at):
            if moment.tzinfo is None:
                raise ValueError("a window needs instants with a time zone")
        if self.ends_at <= self.starts_at:
            raise ValueError("a window ends after it starts")

    def contains(self, moment: datetime) -> bool:
        return self.starts_at <= moment < self.ends_at

    def overlaps(self, other: Window) -> bool:
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


def whole_days(first: date, after_last: date, zone: ZoneInfo) -> Window | None:
    """Local days as instants: from when the first begins until the one after the last does.

    A midnight that the clocks skip begins with the first moment after the gap; one that comes
    twice is the first. None for days that the zone leaves out altogether.
    """
    starts_at, ends_at = (
        datetime.combine(day, time(), zone).astimezone(UTC) for day in (first, after_last)
    )
    return Window(starts_at, ends_at) if ends_at > starts_at else None


def is_zone(name: object) -> bool:
    """Whether this is an IANA name of a time zone."""
    return isinstance(name, str) and name in _zones()


@cache
def _zones() -> frozenset[str]:
    """Looked up once: it takes a walk through the files of all of them."""
    return frozenset(available_timezones())
