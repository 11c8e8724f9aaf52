"""The calendar as it is drawn: a period, its weeks, and in each day the freezes and the cells.

Called by web.calendar. Everything is placed on the local days of one zone, the reader's.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from django.urls import reverse

from exercises.domain.times import Window
from exercises.queries.calendar import Entry
from exercises.web.formats import clock

YEARS: Final = range(2000, 2101)
MOST_IN_A_DAY: Final = 5
_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(days=7)
_SLUG: Final = re.compile(r"(?P<year>\d{4})(-(?P<month>\d{2})|-q(?P<quarter>[1-4]))?", re.ASCII)
_ICONS: Final = {"exercise": "exercise", "game_day": "trophy", "experiment": "flask",
                 "planned": "calendar", "freeze": "snow"}  # fmt: skip
_DEADLINE_ICONS: Final = {"preflight": "target", "debrief": "comment"}
_LOOKS: Final = {"exercise": "ev-x", "game_day": "ev-g", "planned": "ev-o"}


@dataclass(frozen=True)
class Period:
    """A month, a quarter or a year: its local days from `first` up to but not including `end`."""

    kind: str
    first: date
    end: date

    @property
    def slug(self) -> str:
        if self.kind == "year":
            return f"{self.first:%Y}"
        return f"{self.first:%Y-%m}" if self.kind == "month" else _quarter_slug(self.first)

    @property
    def title(self) -> str:
        if self.kind == "month":
            return f"{self.first:%B %Y}"
        if self.kind == "year":
            return f"{self.first:%Y}"
        last = self.end - _DAY
        return f"{self.first:%B} to {last:%B %Y}"

    @property
    def before(self) -> Period | None:
        day = self.first - _DAY
        return period_around(self.kind, day) if day.year in YEARS else None

    @property
    def after(self) -> Period | None:
        return period_around(self.kind, self.end) if self.end.year in YEARS else None

    def switched(self, kind: str, today: date) -> Period:
        """The month, quarter or year that shares today with this one, else its first day."""
        return period_around(kind, today if self.first <= today < self.end else self.first)


@dataclass(frozen=True)
class Cell:
    """One entry as a line of a day."""

    entry: Entry
    words: str
    href: str
    icon: str
    css: str


@dataclass(frozen=True)
class Bar:
    """A freeze on one of its days. `is_labelled` carries its name."""

    entry: Entry
    words: str
    css: str
    is_labelled: bool


@dataclass(frozen=True)
class Day:
    day: date
    bars: tuple[Bar | None, ...]
    cells: tuple[Cell, ...]
    hidden: int
    is_out: bool
    is_today: bool
    is_live: bool
    says_month: bool

    @property
    def css(self) -> str:
        marks = {"out": self.is_out, "we": self.day.weekday() > 4, "today": self.is_today}
        return " ".join(name for name, is_so in marks.items() if is_so)


@dataclass(frozen=True)
class Week:
    number: int
    days: tuple[Day, ...]


@dataclass(frozen=True)
class ListedDay:
    """A day of the list that has something in it."""

    day: date
    is_today: bool
    cells: tuple[Cell, ...]


def period_of(slug: str) -> Period | None:
    """2026-11, 2026-q4 or 2026; None when it names nothing we show."""
    found = _SLUG.fullmatch(slug)
    if found is None or int(found["year"]) not in YEARS:
        return None
    year = int(found["year"])
    if found["quarter"]:
        return period_around("quarter", date(year, int(found["quarter"]) * 3, 1))
    if not found["month"]:
        return period_around("year", date(year, 1, 1))
    month = int(found["month"])
    return period_around("month", date(year, month, 1)) if 1 <= month <= 12 else None


def period_around(kind: str, day: date) -> Period:
    """The month, quarter or year that this day lies in."""
    if kind == "year":
        return Period(kind, date(day.year, 1, 1), date(day.year + 1, 1, 1))
    months = 3 if kind == "quarter" else 1
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    return Period(kind, first, (first + timedelta(days=31 * months)).replace(day=1))


def _quarter_slug(day: date) -> str:
    return f"{day:%Y}-q{(day.month - 1) // 3 + 1}"


def grid_window(period: Period, zone: str) -> Window:
    """The instants of all the weeks shown; of a list, its own days."""
    first, end = period.first, period.end
    if period.kind != "year":
        first -= timedelta(days=first.weekday())
        end += timedelta(days=-end.weekday() % 7)
    return Window(_midnight(first, zone), _midnight(end, zone))


def weeks_of(
    period: Period, entries: Sequence[Entry], *, zone: str, today: date
) -> tuple[Week, ...]:
    """The weeks with everything in its place."""
    window = grid_window(period, zone)
    first = window.starts_at.astimezone(ZoneInfo(zone)).date()
    count = round((window.ends_at - window.starts_at) / _WEEK)
    freezes = [(e, *_days_of(e, zone)) for e in entries if e.kind == "freeze"]
    cells = _cells_by_day(entries, zone)
    found = []
    for number in range(count):
        days = [first + number * _WEEK + place * _DAY for place in range(7)]
        lanes = _lanes(
            [f for f in freezes if f[1] <= days[6] and f[2] >= days[0] and not f[0].is_cancelled]
        )
        found.append(
            Week(
                days[0].isocalendar().week,
                tuple(
                    _day(day, period, cells.get(day, []), lanes, today=today, first=first)
                    for day in days
                ),
            )
        )
    return tuple(found)


Freeze = tuple[Entry, date, date]


def _lanes(freezes: Sequence[Freeze]) -> list[list[Freeze]]:
    """Freezes that overlap get lines of their own, so that each keeps its line all week."""
    lanes: list[list[Freeze]] = []
    for freeze in sorted(freezes, key=lambda f: (f[1], f[0].uid)):
        free = next((lane for lane in lanes if lane[-1][2] < freeze[1]), None)
        if free is None:
            lanes.append([freeze])
        else:
            free.append(freeze)
    return lanes


def _day(
    day: date,
    period: Period,
    cells: Sequence[Cell],
    lanes: Sequence[Sequence[Freeze]],
    *,
    today: date,
    first: date,
) -> Day:
    bars = [
        next((_bar(f, day, period, first) for f in lane if f[1] <= day <= f[2]), None)
        for lane in lanes
    ]
    while bars and bars[-1] is None:
        bars.pop()
    shown = cells if len(cells) <= MOST_IN_A_DAY else cells[: MOST_IN_A_DAY - 1]
    return Day(
        day=day,
        bars=tuple(bars),
        cells=tuple(shown),
        hidden=len(cells) - len(shown),
        is_out=not period.first <= day < period.end,
        is_today=day == today,
        is_live=day == today and any(cell.entry.is_live for cell in cells),
        says_month=day.day == 1 or day == first,
    )


def _bar(freeze: Freeze, day: date, period: Period, first: date) -> Bar:
    entry, begins, ends = freeze
    scope = f": {entry.detail}" if entry.detail else ""
    until = f" to {ends.day} {ends:%b}" if ends != begins else ""
    marks = {"fz-s": day == begins, "fz-e": day == ends, "fz-1": begins == ends}
    # Where a freeze comes from before the days shown, its first one carries the name.
    labelled = day == begins or day in {first, max(begins, period.first)}
    return Bar(
        entry=entry,
        words=f"{entry.title}{until}{scope}",
        css=" ".join(["fz", *(name for name, is_so in marks.items() if is_so)])
        + (" fz-l" if labelled else ""),
        is_labelled=labelled,
    )


def listed_days(
    period: Period, entries: Sequence[Entry], *, zone: str, today: date
) -> tuple[ListedDay, ...]:
    """The days of a list; a freeze stands at its first day, or the period's."""
    days = _cells_by_day(entries, zone)
    for entry in entries:
        if entry.kind == "freeze":
            begins, _ = _days_of(entry, zone)
            days[max(begins, period.first)].insert(0, _cell(entry, zone))
    return tuple(
        ListedDay(day, day == today, tuple(days[day]))
        for day in sorted(days)
        if period.first <= day < period.end
    )


def _cells_by_day(entries: Sequence[Entry], zone: str) -> dict[date, list[Cell]]:
    days: dict[date, list[Cell]] = defaultdict(list)
    for entry in entries:
        if entry.kind != "freeze":
            # A deadline is a day of its own place, wherever it is read.
            there = entry.timezone if entry.is_whole_day else zone
            days[_local(entry.starts_at, there).date()].append(_cell(entry, zone))
    return days


def _cell(entry: Entry, zone: str) -> Cell:
    icon = _DEADLINE_ICONS.get(entry.deadline, "clock") if entry.deadline else _ICONS[entry.kind]
    css = "ev-x2" if entry.deadline == "debrief" else _LOOKS.get(entry.kind, "")
    if entry.is_cancelled:
        icon, css = "ban", "ev-c"
    return Cell(entry, _words(entry, zone), _href(entry), icon, css)


def _words(entry: Entry, zone: str) -> str:
    before = "Cancelled: " if entry.is_cancelled and entry.kind != "freeze" else ""
    if entry.kind == "experiment":
        return f"{before}{clock(entry.starts_at, zone)} {entry.title}, {entry.detail}"
    if entry.kind == "planned":
        return f"Planned: {entry.title}"
    if entry.kind == "deadline":
        return f"{before}{entry.brief}"
    return before + entry.title


def _href(entry: Entry) -> str:
    if entry.experiment_id:
        return _address("experiment_detail", entry.experiment_id)
    if not entry.exercise_slug:
        return ""
    if entry.is_live:
        return _address("live_room", entry.exercise_slug)
    return _address("exercise_detail", entry.exercise_slug)


@lru_cache(maxsize=4096)
def _address(name: str, key: str | int) -> str:
    return reverse(name, args=[key])


def _days_of(entry: Entry, zone: str) -> tuple[date, date]:
    """Its first and last local day; one that ends at midnight does not touch the next day."""
    last = _local(entry.ends_at - timedelta(microseconds=1), zone).date()
    return _local(entry.starts_at, zone).date(), last


def _local(moment: datetime, zone: str) -> datetime:
    return moment.astimezone(ZoneInfo(zone))


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)
