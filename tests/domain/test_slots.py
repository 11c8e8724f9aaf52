"""When something fits without being in anyone's way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercises.domain.slots import Crowd, free_slots
from exercises.domain.times import Window
from exercises.domain.working_hours import WorkingHours

NINE = datetime(2026, 11, 18, 9, tzinfo=UTC)  # a Wednesday
MINUTE = timedelta(minutes=1)


def at(minute: int, minutes: int) -> Window:
    return Window(NINE + minute * MINUTE, NINE + (minute + minutes) * MINUTE)


def minutes_of(found: list[datetime]) -> list[int]:
    return [round((start - NINE) / MINUTE) for start in found]


def test_the_first_slots_follow_each_other() -> None:
    found = free_slots(within=at(0, 150), duration=40 * MINUTE, step=10 * MINUTE)
    assert minutes_of(found) == [0, 40, 80]


def test_what_is_busy_is_stepped_over_and_the_window_holds_the_whole_slot() -> None:
    found = free_slots(
        within=at(0, 150), duration=30 * MINUTE, step=10 * MINUTE,
        busy=[at(5, 20), at(60, 31)],
    )  # fmt: skip
    assert minutes_of(found) == [30, 100]


def test_a_crowd_has_room_up_to_its_limit() -> None:
    crowd = Crowd(spans=(at(0, 60), at(20, 60)), limit=2)
    found = free_slots(
        within=at(0, 120), duration=20 * MINUTE, step=10 * MINUTE, crowds=[crowd], limit=9
    )
    assert minutes_of(found) == [0, 60, 80, 100]


def test_working_hours_are_read_on_the_clock_of_their_zone() -> None:
    hours = WorkingHours("Europe/Berlin")  # 9 to 17 there is 8 to 16 in winter's UTC
    found = free_slots(
        within=Window(NINE + timedelta(hours=6), NINE + timedelta(days=6)),
        duration=timedelta(hours=2), step=timedelta(hours=1), hours=[hours], limit=6,
    )  # fmt: skip
    assert [f"{start:%a %H}" for start in found] == [
        "Thu 08", "Thu 10", "Thu 12", "Thu 14", "Fri 08", "Fri 10",
    ]  # fmt: skip


def test_what_does_not_fit_has_no_slot_and_a_search_ends() -> None:
    assert free_slots(within=at(0, 30), duration=31 * MINUTE, step=MINUTE) == []
    years = Window(NINE, NINE + timedelta(days=4000))
    assert free_slots(within=years, duration=MINUTE, step=MINUTE, busy=[years]) == []
    with pytest.raises(ValueError, match="longer than nothing"):
        free_slots(within=years, duration=MINUTE, step=timedelta())


@given(
    busy=st.lists(st.tuples(st.integers(0, 200), st.integers(1, 60)), max_size=6),
    crowd=st.lists(st.tuples(st.integers(0, 200), st.integers(1, 60)), max_size=6),
    limit=st.integers(1, 3),
    length=st.integers(1, 60),
)
def test_a_slot_is_free_exactly_when_every_minute_of_it_is(
    busy: list[tuple[int, int]], crowd: list[tuple[int, int]], limit: int, length: int
) -> None:
    found = free_slots(
        within=at(0, 240), duration=length * MINUTE, step=5 * MINUTE, limit=99,
        busy=[at(*b) for b in busy], crowds=[Crowd(tuple(at(*c) for c in crowd), limit)],
    )  # fmt: skip

    def free(minute: int) -> bool:
        taken = any(b <= minute < b + n for b, n in busy)
        return not taken and sum(c <= minute < c + n for c, n in crowd) < limit

    expected: list[int] = []
    for start in range(0, 241 - length, 5):
        if expected and start < expected[-1] + length:
            continue
        if all(free(minute) for minute in range(start, start + length)):
            expected.append(start)
    assert minutes_of(found) == expected
