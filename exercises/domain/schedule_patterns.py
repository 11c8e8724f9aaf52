"""What people choose on the schedule's form, as an RRULE, and an RRULE in words.

Called by web.forms.schedules and queries.schedules.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from exercises.domain.errors import Invalid
from exercises.domain.recurrence_rule import WEEKDAYS, Parts, parts_of

NAMES: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
NTH: Final = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", -1: "last"}
KINDS: Final = ("weekday", "date", "last_day", "weekly", "rrule")
SHORT_MONTHS: Final = ("skip", "last_day")


@dataclass(frozen=True, slots=True)
class Pattern:
    """One way to repeat. Only what its `kind` needs is looked at.

    `short_months` says what happens in months that have no such `day`.
    """

    kind: str
    nth: int = 1
    weekday: str = "TU"
    day: int = 1
    short_months: str = ""
    weeks: int = 1
    rrule: str = ""


def rrule_of(pattern: Pattern) -> str:
    """The rule of a choice. Raises Invalid that names the field."""
    if pattern.kind == "weekday":
        if pattern.nth not in NTH or pattern.weekday not in WEEKDAYS:
            raise Invalid("nth", "the first to fifth or the last, of a weekday")
        return f"FREQ=MONTHLY;BYDAY={pattern.nth}{pattern.weekday}"
    if pattern.kind == "date":
        return _on_a_date(pattern)
    if pattern.kind == "last_day":
        return "FREQ=MONTHLY;BYMONTHDAY=-1"
    if pattern.kind == "weekly":
        if not 1 <= pattern.weeks <= 52 or pattern.weekday not in WEEKDAYS:
            raise Invalid("weeks", "between 1 and 52")
        every = f";INTERVAL={pattern.weeks}" if pattern.weeks > 1 else ""
        return f"FREQ=WEEKLY{every};BYDAY={pattern.weekday}"
    if pattern.kind == "rrule":
        text = pattern.rrule.strip().upper().removeprefix("RRULE:")
        parts_of(text)
        return text
    raise Invalid("kind", f"one of {', '.join(KINDS)}")


def _on_a_date(pattern: Pattern) -> str:
    """The 29th to 31st have to say what happens where there is none."""
    day = pattern.day
    if not 1 <= day <= 31:
        raise Invalid("day", "between 1 and 31")
    if day < 29:
        return f"FREQ=MONTHLY;BYMONTHDAY={day}"
    if pattern.short_months not in SHORT_MONTHS:
        raise Invalid("short_months", f"not every month has day {day}: skip it, or its last day?")
    if pattern.short_months == "skip":
        return f"FREQ=MONTHLY;BYMONTHDAY={day}"
    days = ",".join(str(each) for each in range(28, day + 1))
    return f"FREQ=MONTHLY;BYMONTHDAY={days};BYSETPOS=-1"


def pattern_of(rrule: str) -> Pattern:
    """The choice that a rule stands for; the rule itself where the form knows no other."""
    parts = parts_of(rrule)
    for candidate in _candidates(parts):
        if rrule_of(candidate) == rrule:
            return candidate
    return Pattern("rrule", rrule=rrule)


def _candidates(parts: Parts) -> list[Pattern]:
    found = [Pattern("last_day")]
    if parts.weekdays:
        n, weekday = parts.weekdays[0]
        found.append(Pattern("weekly", weekday=WEEKDAYS[weekday], weeks=min(parts.interval, 52)))
        if n in NTH:
            found.append(Pattern("weekday", nth=n, weekday=WEEKDAYS[weekday]))
    if parts.month_days:
        day = max(parts.month_days)
        if 1 <= day <= 31:
            found += [Pattern("date", day=day, short_months=s) for s in SHORT_MONTHS]
    return found


def words(rrule: str) -> str:
    """A rule as people say it."""
    pattern = pattern_of(rrule)
    if pattern.kind == "weekday":
        return f"Every {NTH[pattern.nth]} {NAMES[WEEKDAYS.index(pattern.weekday)]} of the month"
    if pattern.kind == "weekly":
        name = NAMES[WEEKDAYS.index(pattern.weekday)]
        return f"Every {name}" if pattern.weeks == 1 else f"Every {pattern.weeks} weeks, {name}"
    if pattern.kind == "last_day":
        return "Every last day of the month"
    if pattern.kind == "date":
        if pattern.day < 29:
            return f"Every month on day {pattern.day}"
        short = "skipped where there is none"
        if pattern.short_months == "last_day":
            short = "the last day where there is none"
        return f"Every month on day {pattern.day}, {short}"
    return rrule
