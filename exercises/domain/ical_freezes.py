"""The freezes that an iCalendar file holds (RFC 5545), read with bounds.

The file comes from elsewhere: its size, depth and number of events are looked at before the
library reads it, recurrence is expanded by domain.recurrence, and whatever cannot be taken is
refused with its line. Called by services.freeze_sources.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

from exercises.domain.errors import Invalid
from exercises.domain.recurrence import Rule, occurrences
from exercises.domain.times import Window, is_zone, whole_days

MAX_LINES: Final = 60_000
MAX_LINE: Final = 8_000
MAX_DEPTH: Final = 3
MAX_EVENTS: Final = 2_000
MAX_FREEZES: Final = 500
MAX_DAYS: Final = 366
MAX_PROPERTIES: Final = 500
_MINUTE_S: Final = 60


@dataclass(frozen=True, slots=True)
class ImportedFreeze:
    """One occurrence of one event. `key` names it in its calendar for ever."""

    key: str
    name: str
    reason: str
    window: Window


def freezes_in(content: bytes, *, zone: str, within: Window) -> list[ImportedFreeze]:
    """The freezes that touch `within`. `zone` is that of whole days and floating times.

    Raises Invalid that names calendar, and the line that hurts where there is one.
    """
    text = _text(content)
    lines = _lines_of_events(text)
    calendar = _parsed(text)
    replaced: dict[str, set[datetime | date]] = {}
    events: list[tuple[Event, int]] = []
    found_events = calendar.walk("VEVENT")
    if len(found_events) != len(lines):
        raise Invalid("calendar", "holds events that cannot be told apart")
    for event, line in zip(found_events, lines, strict=True):
        events.append((event, line))
        if "RECURRENCE-ID" in event:
            replaced.setdefault(_uid(event), set()).add(_moment(event, "RECURRENCE-ID", line))
    found: dict[str, ImportedFreeze] = {}
    for event, line in events:
        if str(event.get("STATUS", "")).upper() == "CANCELLED":
            continue
        for freeze in _occurrences(event, line, zone, within, replaced.get(_uid(event), set())):
            found[freeze.key] = freeze
            if len(found) > MAX_FREEZES:
                raise _hurts(line, f"more than {MAX_FREEZES} freezes in the next year")
    return sorted(found.values(), key=lambda freeze: (freeze.window.starts_at, freeze.key))


# -- The file, before the library sees it ----------------------------------------------------


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise _hurts(line, "is not UTF-8") from error


def _lines_of_events(text: str) -> list[int]:
    """The line on which each event begins, in order. Refuses what is deep, long or many."""
    if not text.lstrip().upper().startswith("BEGIN:VCALENDAR"):
        raise _hurts(1, "is not the beginning of a calendar (BEGIN:VCALENDAR)")
    found: list[int] = []
    depth = properties = number = 0
    for number, line in enumerate(text.split("\n"), start=1):
        if number > MAX_LINES:
            raise _hurts(number, f"a calendar has at most {MAX_LINES:,} lines")
        if len(line) > MAX_LINE:
            raise _hurts(number, f"is longer than {MAX_LINE:,} characters")
        word = line.rstrip().upper()  # a line that begins with a space goes on with the last
        depth = _depth_after(word, depth, number)
        properties = 0 if word.startswith("BEGIN:") else properties + 1
        if properties > MAX_PROPERTIES:
            raise _hurts(number, f"belongs to more than {MAX_PROPERTIES} lines of one component")
        if word == "BEGIN:VEVENT":
            found.append(number)
    if len(found) > MAX_EVENTS:
        raise _hurts(found[MAX_EVENTS], f"a calendar has at most {MAX_EVENTS:,} events")
    if depth:
        raise _hurts(number, "the calendar ends in the middle of a component")
    return found


def _depth_after(word: str, depth: int, number: int) -> int:
    if word.startswith("BEGIN:"):
        depth += 1
    elif word.startswith("END:"):
        depth -= 1
    if depth > MAX_DEPTH:
        raise _hurts(number, f"is nested deeper than {MAX_DEPTH} levels")
    if depth < 0:
        raise _hurts(number, "ends what did not begin")
    return depth


def _parsed(text: str) -> Any:
    try:
        return Calendar.from_ical(text)
    except (ValueError, KeyError, IndexError, TypeError, RecursionError) as error:
        raise Invalid("calendar", f"cannot be read: {str(error)[:200]}") from error


def _hurts(line: int, problem: str) -> Invalid:
    return Invalid("calendar", f"line {line:,}: {problem}")


# -- One event -------------------------------------------------------------------------------


def _uid(event: Event) -> str:
    return str(event.get("UID", ""))[:200]


def _moment(event: Event, name: str, line: int) -> datetime | date:
    value = getattr(event.get(name), "dt", None)
    if not isinstance(value, date):
        raise _hurts(line, f"{name} is missing or cannot be read")
    if not 1970 <= value.year <= 2100:
        raise _hurts(line, f"{name} lies in the year {value.year}")
    return value


def _occurrences(
    event: Event, line: int, zone: str, within: Window, replaced: set[datetime | date]
) -> Iterator[ImportedFreeze]:
    begins = _moment(event, "DTSTART", line)
    lasts = _lasts(event, begins, line)
    name = str(event.get("SUMMARY", "")).strip()[:120] or "Freeze without a name"
    reason = str(event.get("DESCRIPTION", "")).strip()[:500]
    uid = _uid(event) or f"{name}@{begins}"
    starts = _starts(event, begins, lasts, line, zone, within)
    skipped = _listed(event, "EXDATE", line)
    if "RECURRENCE-ID" not in event:
        skipped |= replaced
    for start in starts:
        if any(_same(start, other, zone) for other in skipped):
            continue
        window = _window(start, lasts, zone)
        if window is not None and window.overlaps(within):
            yield ImportedFreeze(f"{uid}/{_key(event, start, line)}"[:300], name, reason, window)


def _key(event: Event, start: datetime | date, line: int) -> str:
    named = _moment(event, "RECURRENCE-ID", line) if "RECURRENCE-ID" in event else start
    if "RRULE" not in event and "RDATE" not in event and "RECURRENCE-ID" not in event:
        return "once"  # an event that is moved stays the same freeze
    return named.isoformat()


def _lasts(event: Event, begins: datetime | date, line: int) -> timedelta:
    if "DTEND" in event:
        ends = _moment(event, "DTEND", line)
        if isinstance(ends, datetime) != isinstance(begins, datetime):
            raise _hurts(line, "DTSTART and DTEND are not both times or both days")
        if isinstance(ends, datetime) and isinstance(begins, datetime):
            if (ends.tzinfo is None) != (begins.tzinfo is None):
                raise _hurts(line, "DTSTART and DTEND are not both with a time zone")
            lasts = ends.astimezone(UTC) - begins.astimezone(UTC) if ends.tzinfo else ends - begins
        else:
            lasts = ends - begins
    elif "DURATION" in event:
        lasts = getattr(event.get("DURATION"), "dt", timedelta())
    else:
        lasts = timedelta() if isinstance(begins, datetime) else timedelta(days=1)
    if not isinstance(lasts, timedelta) or lasts <= timedelta():
        raise _hurts(line, "the event ends before or when it starts")
    if lasts > timedelta(days=MAX_DAYS):
        raise _hurts(line, f"the event lasts longer than {MAX_DAYS} days")
    return lasts


def _starts(
    event: Event,
    begins: datetime | date,
    lasts: timedelta,
    line: int,
    zone: str,
    within: Window,
) -> list[datetime | date]:
    if "RRULE" not in event:
        return [begins, *_listed(event, "RDATE", line)]
    rules = event["RRULE"]
    if isinstance(rules, list):
        raise _hurts(line, "has more than one RRULE")
    written = rules.to_ical()
    text = written.decode() if isinstance(written, bytes) else str(written)
    rule_zone = _zone_of(begins, zone, line)
    local = (
        begins.replace(tzinfo=None)
        if isinstance(begins, datetime)
        else datetime.combine(begins, time())
    )
    try:
        found = occurrences(
            Rule(text, rule_zone, local, _MINUTE_S),
            after=within.starts_at - lasts - timedelta(days=2),
            until=within.ends_at,
            limit=MAX_FREEZES + 1,
        )
    except Invalid as error:
        raise _hurts(line, "; ".join(text for _, text in error.problems)) from error
    starts: list[datetime | date] = [
        each.local.replace(tzinfo=ZoneInfo(rule_zone))
        if isinstance(begins, datetime)
        else each.local.date()
        for each in found
    ]
    return starts + sorted(_listed(event, "RDATE", line), key=str)


def _zone_of(begins: datetime | date, zone: str, line: int) -> str:
    """The IANA name by which a recurring event is expanded."""
    if not isinstance(begins, datetime) or begins.tzinfo is None:
        return zone
    if begins.utcoffset() == timedelta() and str(begins.tzinfo) in {"UTC", "tzutc()"}:
        return "UTC"
    name = str(getattr(begins.tzinfo, "key", begins.tzinfo))
    if not is_zone(name):
        raise _hurts(line, f"repeats in the time zone “{name[:60]}”, which is no IANA name")
    return name


def _listed(event: Event, name: str, line: int) -> set[datetime | date]:
    values = event.get(name)
    if values is None:
        return set()
    found: set[datetime | date] = set()
    for part in values if isinstance(values, list) else [values]:
        for each in getattr(part, "dts", ()):
            value = each.dt
            if not isinstance(value, date):
                raise _hurts(line, f"{name} holds a period, which is not understood")
            found.add(value)
    if len(found) > MAX_FREEZES:
        raise _hurts(line, f"{name} lists more than {MAX_FREEZES} dates")
    return found


def _same(start: datetime | date, other: datetime | date, zone: str) -> bool:
    if isinstance(start, datetime) != isinstance(other, datetime):
        return False
    return _instant(start, zone) == _instant(other, zone)


def _instant(moment: datetime | date, zone: str) -> datetime:
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time(), ZoneInfo(zone)).astimezone(UTC)
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=ZoneInfo(zone))
    return aware.astimezone(UTC)


def _window(start: datetime | date, lasts: timedelta, zone: str) -> Window | None:
    if isinstance(start, datetime):
        starts_at = _instant(start, zone)
        return Window(starts_at, starts_at + lasts)
    return whole_days(start, start + lasts, ZoneInfo(zone))
