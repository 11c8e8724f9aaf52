"""Entries of the calendar as an iCalendar document (RFC 5545). Called by web.feeds.

Times are UTC, deadlines are whole days. Nothing in it depends on when it was asked for, so that
the same calendar has the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

from exercises.queries.calendar import Entry

PRODUCT: Final = "-//chaosplane//Calendar//EN"
_NEVER_CHANGED: Final = datetime(2020, 1, 1, tzinfo=UTC)


def ical_of(entries: Iterable[Entry], *, name: str, root: str, host: str) -> bytes:
    """The document. `root` is the address of this installation, `host` makes the ids ours."""
    document = Calendar()
    document.add("prodid", PRODUCT)
    document.add("version", "2.0")
    document.add("x-wr-calname", name)
    document.add("refresh-interval", timedelta(hours=1), parameters={"value": "DURATION"})
    for entry in entries:
        document.add_component(_event(entry, root=root, host=host))
    return bytes(document.to_ical())


def _event(entry: Entry, *, root: str, host: str) -> Event:
    event = Event()
    event.add("uid", f"{entry.uid}@{host}")
    event.add("dtstamp", entry.changed_at or _NEVER_CHANGED)
    event.add("summary", _summary(entry))
    if entry.is_whole_day:
        zone = ZoneInfo(entry.timezone)
        event.add("dtstart", entry.starts_at.astimezone(zone).date())
        event.add("dtend", entry.ends_at.astimezone(zone).date())
    else:
        event.add("dtstart", entry.starts_at.astimezone(UTC))
        event.add("dtend", entry.ends_at.astimezone(UTC))
    event.add("status", _status(entry))
    # A freeze or a due date keeps nobody from meeting others.
    event.add("transp", "OPAQUE" if entry.kind in {"exercise", "experiment"} else "TRANSPARENT")
    if entry.detail:
        event.add("location", entry.detail)
    if entry.counts:
        event.add("description", entry.counts)
    if path := _path(entry):
        event.add("url", root + path)
    return event


def _summary(entry: Entry) -> str:
    return {"freeze": "Freeze: ", "planned": "Planned: "}.get(entry.kind, "") + entry.title


def _status(entry: Entry) -> str:
    if entry.is_cancelled:
        return "CANCELLED"
    return "TENTATIVE" if entry.kind == "planned" or entry.counts == "draft" else "CONFIRMED"


def _path(entry: Entry) -> str:
    if entry.experiment_id:
        return f"/experiments/EXP-{entry.experiment_id}/"
    return f"/exercises/{entry.exercise_slug}/" if entry.exercise_slug else ""
