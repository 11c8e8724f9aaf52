"""When a message leaves: digests, a daily digest, quiet hours, and tries after failures.

Pure rules; services.announce asks when a new message may leave, services.deliver when the
next try is, and whether a channel has failed for long enough to be switched off.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

GATHER: Final = timedelta(minutes=15)
"""How long what is not urgent is gathered: a person gets one mail in it at most."""
GATHER_URGENT: Final = timedelta(seconds=5)
"""Stopping twenty experiments is one mail, not twenty."""

RETRY_AFTER: Final = tuple(
    timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 720, 1440)
)
GIVE_UP_AFTER: Final = timedelta(days=3)


class MailPace(StrEnum):
    """How often somebody wants mail."""

    SOON = "soon"
    DAILY = "daily"
    NEVER = "never"

    @property
    def label(self) -> str:
        return _PACES[self]


_PACES: Final = {
    MailPace.SOON: "Soon: at most one mail in 15 minutes",
    MailPace.DAILY: "Once a day, all in one",
    MailPace.NEVER: "Only what is urgent",
}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person chose. `quiet_from` and `quiet_until` are both set or both None, and
    may lie on both sides of midnight."""

    pace: MailPace = MailPace.SOON
    zone: str = "Europe/Berlin"
    daily_at: time = time(8, 0)
    quiet_from: time | None = None
    quiet_until: time | None = None


def leaves_at(
    now: datetime, wishes: Wishes, *, is_urgent: bool, gather: timedelta = GATHER
) -> datetime | None:
    """When a message to this person leaves at the earliest; None when never."""
    if is_urgent:
        return now + GATHER_URGENT
    if wishes.pace is MailPace.NEVER:
        return None
    if wishes.pace is MailPace.DAILY:
        return after_quiet(_next(now, wishes.daily_at, wishes.zone), wishes)
    return after_quiet(now + gather, wishes)


def after_quiet(at: datetime, wishes: Wishes) -> datetime:
    """The same moment, or the end of the quiet hours it falls into."""
    if wishes.quiet_from is None or wishes.quiet_until is None:
        return at
    if not _is_within(_local_time(at, wishes.zone), wishes.quiet_from, wishes.quiet_until):
        return at
    return _next(at, wishes.quiet_until, wishes.zone)


def retry_at(now: datetime, failures: int) -> datetime:
    """When to try again after so many failures in a row."""
    return now + RETRY_AFTER[min(max(failures, 1), len(RETRY_AFTER)) - 1]


def has_failed_for_long(failing_since: datetime, now: datetime) -> bool:
    return now - failing_since >= GIVE_UP_AFTER


def _is_within(at: time, start: time, end: time) -> bool:
    if start <= end:
        return start <= at < end
    return at >= start or at < end


def _local_time(at: datetime, zone: str) -> time:
    return at.astimezone(ZoneInfo(zone)).time()


def _next(after: datetime, at: time, zone: str) -> datetime:
    """The next time that a clock there shows `at`; a time that a change of clocks leaves out
    is an hour later on that day."""
    today: date = after.astimezone(ZoneInfo(zone)).date()
    for day in (today, today + timedelta(days=1), today + timedelta(days=2)):
        found = datetime.combine(day, at, tzinfo=ZoneInfo(zone)).astimezone(UTC)
        if found > after:
            return found
    raise AssertionError("a day has passed within two days")
