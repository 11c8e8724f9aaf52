"""When people are at work: what a policy limits runs to, and where free slots are looked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from typing import Final
from zoneinfo import ZoneInfo

from exercises.domain.times import Window

WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """On these days, from and until these times by the clock of one zone."""

    zone: str
    days: tuple[str, ...] = WEEKDAYS[:5]
    opens: time = time(9)
    closes: time = time(17)

    def hold(self, span: Window) -> bool:
        """Whether all of the span lies in the hours of one local day."""
        zone = ZoneInfo(self.zone)
        first, last = span.starts_at.astimezone(zone), span.ends_at.astimezone(zone)
        return (
            first.date() == last.date()
            and WEEKDAYS[first.weekday()] in self.days
            and self.opens <= first.time()
            and last.time() <= self.closes
        )

    @property
    def words(self) -> str:
        return f"{', '.join(self.days)} {self.opens:%H:%M} to {self.closes:%H:%M}, {self.zone}"
