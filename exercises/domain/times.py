"""Spans of time: aware instants, half-open, so that two in a row share no moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


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
