"""When the editions of a programme take place: an RRULE over local time in a zone.

The rule is expanded over naive local times and only then mapped to UTC, because expanding
aware times moves occurrences across a change of the clocks. A local time that the clocks
skip is shifted forward (RFC 5545 section 3.3.5); one that comes twice is taken the first
time only. Called by services.editions and services.schedules.

Expansion is our own and counted in steps: dateutil looks for the next occurrence of a rule
that never comes true up to the year 9999, which takes it seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from exercises.domain.errors import Invalid
from exercises.domain.recurrence_rule import Parts, days, parts_of, period_of, period_start

MAX_DURATION_S: Final = 7 * 24 * 3600
MAX_PERIODS: Final = 10_000
"""Days, weeks, months or years looked at in one expansion; 27 years of days are fewer."""
FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2100


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
    if not FIRST_YEAR <= rule.local_start.year <= LAST_YEAR:
        raise Invalid("local_start", f"a year from {FIRST_YEAR} to {LAST_YEAR}")
    if after.tzinfo is None or until.tzinfo is None:
        raise ValueError("after and until need a time zone")
    found: list[Occurrence] = []
    # A zone may skip a whole day, which shifts what falls on it by as much.
    first_local = after.astimezone(zone).replace(tzinfo=None) - timedelta(days=2)
    last_local = until.astimezone(zone).replace(tzinfo=None) + timedelta(days=1)
    for local in _locals(rule, zone, first_local, last_local):
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
        starts_at=starts_at,
        ends_at=starts_at + timedelta(seconds=duration_s),
        key=f"{local.isoformat(timespec='seconds')}/0",
        is_shifted=back != local,
    )


def _locals(rule: Rule, zone: ZoneInfo, first: datetime, last: datetime) -> Iterator[datetime]:
    """Naive local times from `first` to `last`, after at most MAX_PERIODS steps.

    With COUNT the first ones have to be counted, too, so it begins at the start of the rule.
    """
    parts = parts_of(rule.rrule)
    start = rule.local_start.replace(microsecond=0)
    if parts.until:
        last = min(last, _until(parts.until, zone))
    counted = 0
    begin = 0 if parts.count else max(0, period_of(parts, start.date(), first.date()))
    for index in range(begin, begin + MAX_PERIODS):
        opens = period_start(parts, start.date(), index)
        if opens is None or opens > last.date():
            return
        for day in days(parts, start.date(), opens):
            local = datetime.combine(day, start.time())
            if local < start:
                continue
            if local > last:
                return
            counted += 1
            if local >= first:
                yield local
            if counted == parts.count:
                return
    raise Invalid("rrule", _too_many(parts))


def _too_many(parts: Parts) -> str:
    because = "; with COUNT it is counted from its first start" if parts.count else ""
    return f"takes more than {MAX_PERIODS:,} steps to expand{because}"


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
