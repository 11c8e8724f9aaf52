"""When the editions of a programme take place: an RRULE over local time in a zone.

The rule is expanded over naive local times and only then mapped to UTC, because expanding
aware times moves occurrences across a change of the clocks. A local time that the clocks
skip is shifted forward (RFC 5545 section 3.3.5); one that comes twice is taken the first
time only. Called by services.editions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.rrule import rrule, rrulestr

from exercises.domain.errors import Invalid

FREQUENCIES: Final = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
MAX_COUNT: Final = 500
MAX_INTERVAL: Final = 366
MAX_DURATION_S: Final = 7 * 24 * 3600

# Hours, minutes and seconds come from the local start: lists of them make rules that take
# seconds to expand.
_PATTERNS: Final = {
    "FREQ": re.compile("|".join(FREQUENCIES)),
    "INTERVAL": re.compile(r"[0-9]{1,3}"),
    "COUNT": re.compile(r"[0-9]{1,3}"),
    "UNTIL": re.compile(r"[0-9]{8}(T[0-9]{6}Z?)?"),
    "BYDAY": re.compile(r"([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)(,([+-]?[1-5])?[A-Z]{2}){0,6}"),
    "BYMONTHDAY": re.compile(r"-?[0-9]{1,2}(,-?[0-9]{1,2}){0,30}"),
    "BYMONTH": re.compile(r"[0-9]{1,2}(,[0-9]{1,2}){0,11}"),
    "BYSETPOS": re.compile(r"[+-]?[0-9]{1,2}(,[+-]?[0-9]{1,2}){0,5}"),
    "WKST": re.compile(r"MO|TU|WE|TH|FR|SA|SU"),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """An RRULE, the IANA zone of its times, the first local start, and how long each lasts."""

    rrule: str
    timezone: str
    local_start: datetime
    duration_s: int


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One edition. `key` names it for ever, whatever the zone's rules become.

    `is_shifted`: the clocks skip the local time that the rule names.
    """

    local: datetime
    fold: int
    starts_at: datetime
    ends_at: datetime
    key: str
    is_shifted: bool


def occurrences(
    rule: Rule, *, after: datetime, until: datetime, limit: int = 60
) -> list[Occurrence]:
    """What starts after `after` and not after `until`, at most `limit`, in order.

    Raises Invalid that names rrule, timezone, local_start or duration.
    """
    zone = _zone(rule.timezone)
    if rule.local_start.tzinfo is not None:
        raise Invalid("local_start", "a local time without an offset; the zone says the rest")
    if not 60 <= rule.duration_s <= MAX_DURATION_S:
        raise Invalid("duration", "between 1 minute and 7 days")
    if after.tzinfo is None or until.tzinfo is None:
        raise ValueError("after and until need a time zone")
    found: list[Occurrence] = []
    last_local = until.astimezone(zone).replace(tzinfo=None) + timedelta(days=1)
    for local in _locals(rule, zone, last_local):
        occurrence = _occurrence(local, zone, rule.duration_s)
        if not after < occurrence.starts_at <= until:
            continue
        # A zone that skips a whole day shifts that day's occurrence onto the next one.
        if found and occurrence.starts_at <= found[-1].starts_at:
            continue
        found.append(occurrence)
        if len(found) == limit:
            break
    return found


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Invalid("timezone", f"“{name[:40]}” is not an IANA time zone") from error


def _occurrence(local: datetime, zone: ZoneInfo, duration_s: int) -> Occurrence:
    starts_at = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    back = starts_at.astimezone(zone).replace(tzinfo=None, fold=0)
    return Occurrence(
        local=local,
        fold=0,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(seconds=duration_s),
        key=f"{local.isoformat(timespec='seconds')}/0",
        is_shifted=back != local,
    )


def _locals(rule: Rule, zone: ZoneInfo, last: datetime) -> Iterator[datetime]:
    """Naive local times up to `last`: a bound, so that a rule that never comes true ends."""
    parts = _parts(rule.rrule)
    count = int(parts.pop("COUNT", MAX_COUNT * 1000))
    until = parts.pop("UNTIL", "")
    if until:
        last = min(last, _until(until, zone))
    expanded = rrulestr(
        ";".join(f"{name}={value}" for name, value in parts.items()),
        dtstart=rule.local_start.replace(microsecond=0),
    )
    return islice(iter(cast("rrule", expanded).replace(until=last)), count)


def _parts(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in text.strip().removeprefix("RRULE:").upper().split(";"):
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
    _check_meaning(";".join(f"{n}={v}" for n, v in parts.items() if n not in {"COUNT", "UNTIL"}))
    return parts


def _expected(name: str, value: str) -> str:
    if name == "FREQ":
        return f"FREQ is one of {', '.join(FREQUENCIES)}, not “{value[:20]}”"
    return f"“{value[:20]}” is not a value of {name} (RFC 5545)"


def _check_meaning(text: str) -> None:
    try:
        rrulestr(text, dtstart=datetime(2000, 1, 1))  # noqa: DTZ001
    except (ValueError, KeyError, TypeError) as error:
        raise Invalid("rrule", f"not a rule of RFC 5545: {error}") from error


def _until(text: str, zone: ZoneInfo) -> datetime:
    try:
        if "T" not in text:
            return datetime.strptime(text, "%Y%m%d") + timedelta(days=1, seconds=-1)  # noqa: DTZ007
        until = datetime.strptime(text.removesuffix("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007
    except ValueError as error:
        raise Invalid("rrule", f"UNTIL={text} is not a date") from error
    if text.endswith("Z"):
        return until.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)
    return until
