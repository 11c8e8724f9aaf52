"""The periods of a report: three months, with the year that its trends look back on.

Months are those of the organisation's time zone; the caller maps them to instants.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from exercises.domain.errors import Invalid

LENGTH = 3
"""Months that a report covers."""
LOOK_BACK = 12
"""Months that its trends show."""

_QUARTER = re.compile(r"(20[0-9]{2})-q([1-4])")
_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True, order=True)
class Month:
    year: int
    number: int

    def plus(self, months: int) -> Month:
        index = self.year * 12 + self.number - 1 + months
        return Month(index // 12, index % 12 + 1)

    def starts_at(self, zone: ZoneInfo) -> datetime:
        return datetime(self.year, self.number, 1, tzinfo=zone)

    @property
    def first_day(self) -> date:
        return date(self.year, self.number, 1)

    @property
    def key(self) -> str:
        return f"{self.year}-{self.number:02d}"


def month_of(moment: date) -> Month:
    return Month(moment.year, moment.month)


@dataclass(frozen=True, slots=True)
class Period:
    """Three months; a quarter of the calendar when `last` ends one."""

    last: Month

    @property
    def key(self) -> str:
        """How addresses name it: 2026-q3, or its last month when it is no quarter."""
        if self.last.number % LENGTH:
            return self.last.key
        return f"{self.last.year}-q{self.last.number // LENGTH}"

    @property
    def first(self) -> Month:
        return self.last.plus(1 - LENGTH)

    @property
    def months(self) -> tuple[Month, ...]:
        return tuple(self.first.plus(step) for step in range(LENGTH))

    @property
    def year(self) -> tuple[Month, ...]:
        """The twelve months up to its end, oldest first."""
        return tuple(self.last.plus(step - LOOK_BACK + 1) for step in range(LOOK_BACK))

    @property
    def before(self) -> Period:
        """The three months that it is compared with."""
        return Period(self.last.plus(-LENGTH))

    @property
    def last_day(self) -> date:
        return self.last.plus(1).first_day - timedelta(days=1)

    def earlier(self, months: int) -> Period:
        return Period(self.last.plus(-months))


def period_from(key: str) -> Period:
    """Read 2026-q3, or 2026-10 for the three months up to October.

    Raises Invalid that names the period.
    """
    if found := _QUARTER.fullmatch(key):
        return Period(Month(int(found[1]), int(found[2]) * LENGTH))
    if found := _MONTH.fullmatch(key):
        return Period(Month(int(found[1]), int(found[2])))
    raise Invalid("period", "a quarter like 2026-q3, or the last of three months like 2026-10")


def quarters(first: date, last: date) -> list[Period]:
    """The quarters that touch these days, newest first."""
    end = month_of(last)
    period = Period(end.plus(-end.number % LENGTH))
    found = []
    while period.last.plus(1).first_day > first:
        found.append(period)
        period = period.before
    return found
