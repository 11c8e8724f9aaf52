"""When the mail of a report leaves next: a weekday or a day of the month, in a zone. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from exercises.domain.errors import Invalid
from exercises.domain.report_periods import LENGTH, Period, month_of
from exercises.domain.times import is_zone

WEEKDAYS: Final = (
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
)  # fmt: skip
LAST_DAY: Final = 28
"""The last day that every month has."""
COVERS: Final = (("months", "the last three whole months"), ("quarter", "the last whole quarter"))


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Each week on a weekday (0 is Monday), or each month on a day from 1 to 28; one of them."""

    weekday: int | None
    day: int | None
    at: time
    zone: str

    @property
    def words(self) -> str:
        when = f"every {WEEKDAYS[self.weekday]}" if self.weekday is not None else ""
        if self.day is not None:
            when = f"on day {self.day} of every month"
        return f"{when} at {self.at:%H:%M} ({self.zone})"


def rhythm(*, weekday: int | None, day: int | None, at: time, zone: str) -> Rhythm:
    """Raises Invalid that names every field at fault."""
    problems = []
    if (weekday is None) == (day is None):
        problems.append(("weekday", "a weekday or a day of the month, one of them"))
    if weekday is not None and not 0 <= weekday <= 6:
        problems.append(("weekday", "0 (Monday) to 6 (Sunday)"))
    if day is not None and not 1 <= day <= LAST_DAY:
        problems.append(("day", f"1 to {LAST_DAY}, which every month has"))
    if not is_zone(zone):
        problems.append(("timezone", "a zone like Europe/Berlin"))
    if problems:
        raise Invalid.of(problems)
    return Rhythm(weekday, day, at, zone)


def next_at(rhythm: Rhythm, after: datetime) -> datetime:
    """The first moment after `after`. A time that the clocks skip comes when they have."""
    zone = ZoneInfo(rhythm.zone)
    today = after.astimezone(zone).date()
    for days in range(63):
        date = today + timedelta(days=days)
        if rhythm.weekday is not None and date.weekday() != rhythm.weekday:
            continue
        if rhythm.day is not None and date.day != rhythm.day:
            continue
        moment = datetime.combine(date, rhythm.at, zone).astimezone(UTC)
        if moment > after:
            return moment
    raise AssertionError("every month has the days 1 to 28")


def period_of(covers: str, moment: datetime) -> Period:
    """What a mail at this moment covers: months that are over."""
    last = month_of(moment.date()).plus(-1)
    if covers == "quarter":
        last = last.plus(-(last.number % LENGTH))
    return Period(last)
