"""What a calendar file says becomes freezes, or is refused with the line that hurts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from exercises.domain.errors import Invalid
from exercises.domain.ical_freezes import MAX_EVENTS, ImportedFreeze, freezes_in
from exercises.domain.times import Window

YEAR = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


def calendar(*events: str) -> bytes:
    inside = "".join(f"BEGIN:VEVENT\r\n{e.strip()}\r\nEND:VEVENT\r\n" for e in events)
    text = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//EN\r\n{inside}END:VCALENDAR\r\n"
    return text.replace("\r\n", "\n").replace("\n", "\r\n").encode()


def read(*events: str, zone: str = "Europe/Berlin") -> list[ImportedFreeze]:
    return freezes_in(calendar(*events), zone=zone, within=YEAR)


def spans(found: list[ImportedFreeze]) -> list[str]:
    return [f"{f.window.starts_at:%m-%d %H:%M} {f.window.ends_at:%m-%d %H:%M}" for f in found]


def test_whole_days_are_local_days_of_the_organisation() -> None:
    [found] = read("UID:peak\nSUMMARY:Commerce peak\nDTSTART;VALUE=DATE:20261126\n"
                   "DTEND;VALUE=DATE:20261201\nDESCRIPTION:Shops are busy")  # fmt: skip
    assert (found.key, found.name, found.reason) == ("peak/once", "Commerce peak", "Shops are busy")
    assert spans([found]) == ["11-25 23:00 11-30 23:00"]


def test_times_are_in_their_zone_or_the_organisations() -> None:
    found = read(
        "UID:a\nDTSTART;TZID=America/New_York:20260301T090000\nDURATION:PT2H",
        "UID:b\nDTSTART:20260401T090000\nDTEND:20260401T100000",
        "UID:c\nDTSTART:20260501T090000Z\nDTEND:20260501T100000Z",
    )
    assert spans(found) == ["03-01 14:00 03-01 16:00", "04-01 07:00 04-01 08:00",
                            "05-01 09:00 05-01 10:00"]  # fmt: skip


def test_recurrence_keeps_local_time_and_minds_what_was_taken_out_moved_or_cancelled() -> None:
    weekly = (
        "UID:w\nDTSTART;TZID=Europe/Berlin:20260317T180000\nDURATION:PT1H\n"
        "RRULE:FREQ=WEEKLY;COUNT=5\nEXDATE;TZID=Europe/Berlin:20260324T180000"
    )
    moved = (
        "UID:w\nRECURRENCE-ID;TZID=Europe/Berlin:20260331T180000\n"
        "DTSTART;TZID=Europe/Berlin:20260331T200000\nDURATION:PT1H"
    )
    cancelled = (
        "UID:w\nRECURRENCE-ID;TZID=Europe/Berlin:20260407T180000\nSTATUS:CANCELLED\n"
        "DTSTART;TZID=Europe/Berlin:20260407T180000\nDURATION:PT1H"
    )
    found = read(weekly, moved, cancelled)
    assert spans(found) == ["03-17 17:00 03-17 18:00", "03-31 18:00 03-31 19:00",
                            "04-14 16:00 04-14 17:00"]  # fmt: skip
    assert len({f.key for f in found}) == 3


def test_what_is_over_or_far_ahead_is_left_out() -> None:
    far = "UID:x\nDTSTART;VALUE=DATE:20290101"
    past = "UID:y\nDTSTART;VALUE=DATE:20200101"
    assert read(far, past) == []


def test_an_event_that_began_before_and_goes_on_is_in() -> None:
    lasting = "UID:z\nDTSTART;VALUE=DATE:20251220\nDTEND;VALUE=DATE:20260107"
    assert len(read(lasting)) == 1


@pytest.mark.parametrize(
    ("event", "why"),
    [
        ("UID:a\nDTSTART:20260301T090000Z\nDTEND:20260301T080000Z", "line 4: .*ends before"),
        ("UID:a\nDTSTART:20260301T090000Z", "line 4: .*ends before"),
        ("UID:a\nSUMMARY:no start", "line 4: DTSTART is missing"),
        ("UID:a\nDTSTART;VALUE=DATE:20260101\nDTEND;VALUE=DATE:20280101", "366 days"),
        ("UID:a\nDTSTART:20260301T090000Z\nDTEND;VALUE=DATE:20260302", "not both"),
        ("UID:a\nDTSTART;VALUE=DATE:20260101\nRRULE:FREQ=SECONDLY", "line 4: .*FREQ is one of"),
        ("UID:a\nDTSTART;VALUE=DATE:20260101\nRRULE:FREQ=DAILY;BYHOUR=1,2", "line 4: .*BYHOUR"),
        (
            "UID:a\nDTSTART;VALUE=DATE:20260101\nRRULE:FREQ=DAILY;COUNT=500\nRRULE:FREQ=DAILY",
            "more",
        ),
        ("UID:a\nDTSTART;VALUE=DATE:19000101\nRRULE:FREQ=DAILY", "the year 1900"),
    ],
)
def test_an_event_that_cannot_be_taken_is_refused_with_its_line(event: str, why: str) -> None:
    with pytest.raises(Invalid, match=why) as error:
        read(event)
    assert error.value.problems[0][0] == "calendar"


def test_too_many_occurrences_are_refused() -> None:
    twice = [f"UID:{n}\nDTSTART;VALUE=DATE:20260101\nRRULE:FREQ=DAILY" for n in range(2)]
    with pytest.raises(Invalid, match="line 9: more than 500 freezes"):
        read(*twice)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"<html>sign in</html>", "line 1: is not the beginning of a calendar"),
        (b"\xff\xfe\x00", "line 1: is not UTF-8"),
        (b"BEGIN:VCALENDAR\n" * 10_000, "line 4: is nested deeper"),
        (b"BEGIN:VCALENDAR\nEND:VCALENDAR\nEND:VCALENDAR\n", "line 3: ends what did not begin"),
        (b"BEGIN:VCALENDAR\nBEGIN:VEVENT\n", "ends in the middle"),
        (b"BEGIN:VCALENDAR\nX:" + b"a" * 10_000 + b"\nEND:VCALENDAR\n", "line 2: is longer"),
        (b"BEGIN:VCALENDAR\n" + b"X:1\n" * 2000 + b"END:VCALENDAR\n", "more than 500 lines"),
        (b"BEGIN:VCALENDAR\n" + b"BEGIN:X\nEND:X\n" * 40_000 + b"END:VCALENDAR", "60,000 lines"),
        (calendar(*["UID:a\nDTSTART:20200101"] * (MAX_EVENTS + 1)), "2,000 events"),
        (b"BEGIN:VCALENDAR\nno colon here\nEND:VCALENDAR\n", "calendar"),
    ],
)
def test_a_hostile_file_is_refused_before_it_costs_anything(content: bytes, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        freezes_in(content, zone="UTC", within=YEAR)
