"""What an RRULE says: its parts, checked, and the days that each of its periods yields.

RFC 5545 section 3.3.10, narrowed: DAILY to YEARLY, no lists of hours, minutes or seconds.
Called by domain.recurrence.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from exercises.domain.errors import Invalid

FREQUENCIES: Final = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
MAX_COUNT: Final = 500
MAX_INTERVAL: Final = 366
MAX_LENGTH: Final = 200

_DAY: Final = f"([+-]?[1-5])?({'|'.join(WEEKDAYS)})"
_MONTH_DAY: Final = "[+-]?(3[01]|[12][0-9]|0?[1-9])"
_MONTH: Final = "(1[0-2]|0?[1-9])"
# Hours, minutes and seconds come from the local start: lists of them make rules that take
# seconds to expand.
_PATTERNS: Final = {
    "FREQ": re.compile("|".join(FREQUENCIES)),
    "INTERVAL": re.compile(r"[0-9]{1,3}"),
    "COUNT": re.compile(r"[0-9]{1,3}"),
    "UNTIL": re.compile(r"[0-9]{8}(T[0-9]{6}Z?)?"),
    "BYDAY": re.compile(f"{_DAY}(,{_DAY}){{0,13}}"),
    "BYMONTHDAY": re.compile(f"{_MONTH_DAY}(,{_MONTH_DAY}){{0,30}}"),
    "BYMONTH": re.compile(f"{_MONTH}(,{_MONTH}){{0,11}}"),
    "BYSETPOS": re.compile(r"[+-]?[1-9][0-9]{0,2}(,[+-]?[1-9][0-9]{0,2}){0,5}"),
    "WKST": re.compile("|".join(WEEKDAYS)),
}


@dataclass(frozen=True, slots=True)
class Parts:
    """A rule taken apart. `weekdays` are pairs of the n of BYDAY (0 for each) and the day;
    `every` are the days without an n."""

    frequency: str
    interval: int = 1
    count: int = 0
    until: str = ""
    weekdays: tuple[tuple[int, int], ...] = ()
    every: frozenset[int] = frozenset()
    month_days: tuple[int, ...] = ()
    months: frozenset[int] = frozenset()
    positions: tuple[int, ...] = ()
    week_start: int = 0


def parts_of(text: str) -> Parts:
    """Read a rule. Raises Invalid that names rrule and what is wrong with it."""
    if len(text) > MAX_LENGTH:
        raise Invalid("rrule", f"at most {MAX_LENGTH} characters")
    found = _split(text)
    parts = Parts(
        frequency=found["FREQ"],
        interval=int(found.get("INTERVAL", 1)),
        count=int(found.get("COUNT", 0)),
        until=found.get("UNTIL", ""),
        weekdays=tuple(
            (int(day[:-2] or 0), WEEKDAYS.index(day[-2:])) for day in _listed(found, "BYDAY")
        ),
        every=frozenset(WEEKDAYS.index(d) for d in _listed(found, "BYDAY") if d in WEEKDAYS),
        month_days=tuple(int(day) for day in _listed(found, "BYMONTHDAY")),
        months=frozenset(int(month) for month in _listed(found, "BYMONTH")),
        positions=tuple(int(place) for place in _listed(found, "BYSETPOS")),
        week_start=WEEKDAYS.index(found.get("WKST", "MO")),
    )
    is_numbered = any(n for n, _ in parts.weekdays)
    if parts.frequency in {"DAILY", "WEEKLY"} and is_numbered:
        raise Invalid("rrule", f"BYDAY of {parts.frequency} names weekdays without a number")
    if parts.frequency == "YEARLY" and parts.month_days and not parts.months and is_numbered:
        raise Invalid("rrule", "BYDAY beside BYMONTHDAY names weekdays without a number")
    if parts.frequency == "WEEKLY" and parts.month_days:
        raise Invalid("rrule", "BYMONTHDAY has no meaning with WEEKLY")
    return parts


def _listed(found: dict[str, str], name: str) -> list[str]:
    return found[name].split(",") if name in found else []


def _split(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in text.strip().upper().removeprefix("RRULE:").split(";"):
        name, _, value = part.partition("=")
        if name not in _PATTERNS:
            allowed = ", ".join(_PATTERNS)
            raise Invalid("rrule", f"“{name[:20]}” is not one of {allowed}")
        if name in parts:
            raise Invalid("rrule", f"{name} is there twice")
        if not _PATTERNS[name].fullmatch(value):
            raise Invalid("rrule", _expected(name, value))
        parts[name] = value
    if "FREQ" not in parts:
        raise Invalid("rrule", "FREQ is missing: " + ", ".join(FREQUENCIES))
    if "COUNT" in parts and "UNTIL" in parts:
        raise Invalid("rrule", "COUNT or UNTIL, not both")
    for name, most in (("COUNT", MAX_COUNT), ("INTERVAL", MAX_INTERVAL)):
        if name in parts and not 1 <= int(parts[name]) <= most:
            raise Invalid("rrule", f"{name} is between 1 and {most}")
    return parts


def _expected(name: str, value: str) -> str:
    if name == "FREQ":
        return f"FREQ is one of {', '.join(FREQUENCIES)}, not “{value[:20]}”"
    return f"“{value[:20]}” is not a value of {name} (RFC 5545)"


# -- Periods: the days, weeks, months or years of the rule, counted from its start -----------


def period_of(parts: Parts, start: date, day: date) -> int:
    """The number of the last period that begins not after `day`; negative before the start."""
    if parts.frequency == "DAILY":
        whole = (day - start).days
    elif parts.frequency == "WEEKLY":
        whole = (_week(parts, day) - _week(parts, start)).days // 7
    elif parts.frequency == "MONTHLY":
        whole = (day.year - start.year) * 12 + day.month - start.month
    else:
        whole = day.year - start.year
    return whole // parts.interval


def period_start(parts: Parts, start: date, index: int) -> date | None:
    """The first day of a period; None beyond the calendar."""
    step = index * parts.interval
    try:
        if parts.frequency == "DAILY":
            return start + timedelta(days=step)
        if parts.frequency == "WEEKLY":
            return _week(parts, start) + timedelta(weeks=step)
        if parts.frequency == "MONTHLY":
            years, month = divmod(start.month - 1 + step, 12)
            return date(start.year + years, month + 1, 1)
        return date(start.year + step, 1, 1)
    except (OverflowError, ValueError):
        return None


def _week(parts: Parts, day: date) -> date:
    return day - timedelta(days=(day.weekday() - parts.week_start) % 7)


def days(parts: Parts, start: date, opens: date) -> list[date]:
    """The days that the period beginning at `opens` yields, in order."""
    if parts.frequency == "DAILY":
        found = [opens] if _is_among(parts, opens) else []
    elif parts.frequency == "WEEKLY":
        wanted = parts.every or {start.weekday()}
        week = (opens + timedelta(days=ahead) for ahead in range(7))
        found = [d for d in week if d.weekday() in wanted and _is_in_month(parts, d)]
    elif parts.frequency == "MONTHLY":
        found = list(_of_month(parts, start, opens)) if _is_in_month(parts, opens) else []
    else:
        found = _of_year(parts, start, opens.year)
    return _picked(parts, found)


def _is_in_month(parts: Parts, day: date) -> bool:
    return not parts.months or day.month in parts.months


def _is_among(parts: Parts, day: date) -> bool:
    if not _is_in_month(parts, day):
        return False
    if parts.weekdays and day.weekday() not in parts.every:
        return False
    return not parts.month_days or _has_month_day(parts, day)


def _has_month_day(parts: Parts, day: date) -> bool:
    length = monthrange(day.year, day.month)[1]
    return day.day in parts.month_days or day.day - length - 1 in parts.month_days


def _of_month(parts: Parts, start: date, opens: date) -> Iterator[date]:
    """Without BYDAY and BYMONTHDAY the day of the start, in months that have it."""
    length = monthrange(opens.year, opens.month)[1]
    named = parts.month_days or (() if parts.weekdays else (start.day,))
    wanted = {n if n > 0 else length + 1 + n for n in named} if named else None
    first = opens.weekday()
    for number in range(1, length + 1):
        if wanted is not None and number not in wanted:
            continue
        if parts.weekdays and not _is_nth(
            parts, (first + number - 1) % 7, before=(number - 1) // 7, after=(length - number) // 7
        ):
            continue
        yield opens.replace(day=number)


def _is_nth(parts: Parts, weekday: int, *, before: int, after: int) -> bool:
    """`before` and `after`: how many of this weekday come earlier and later."""
    return weekday in parts.every or any(
        weekday == wanted and n in {0, before + 1, -after - 1} for n, wanted in parts.weekdays
    )


def _of_year(parts: Parts, start: date, year: int) -> list[date]:
    """BYDAY counts within the year, or within each month where BYMONTH is given."""
    if parts.weekdays and not parts.months and not parts.month_days:
        first, last = date(year, 1, 1), date(year, 12, 31)
        every = (first + timedelta(days=ahead) for ahead in range((last - first).days + 1))
        return [
            day
            for day in every
            if _is_nth(
                parts, day.weekday(), before=(day - first).days // 7, after=(last - day).days // 7
            )
        ]
    months = sorted(parts.months) or (range(1, 13) if parts.month_days else [start.month])
    return [day for month in months for day in _of_month(parts, start, date(year, month, 1))]


def _picked(parts: Parts, found: list[date]) -> list[date]:
    if not parts.positions:
        return found
    places = {n - 1 if n > 0 else len(found) + n for n in parts.positions}
    return [day for place, day in enumerate(found) if place in places]
