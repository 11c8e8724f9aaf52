"""When the mail of a report leaves next, and which months it covers."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercises.domain.errors import Invalid
from exercises.domain.report_rhythm import next_at, period_of, rhythm

BERLIN = "Europe/Berlin"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_weekday_comes_each_week_at_its_time_in_its_zone() -> None:
    mondays = rhythm(weekday=0, day=None, at=time(8), zone=BERLIN)
    assert next_at(mondays, at("2026-11-20T12:00+00:00")) == at("2026-11-23T07:00+00:00")
    assert next_at(mondays, at("2026-11-23T07:00+00:00")) == at("2026-11-30T07:00+00:00")


def test_it_keeps_its_local_time_when_the_clocks_change() -> None:
    mondays = rhythm(weekday=0, day=None, at=time(8), zone=BERLIN)
    assert next_at(mondays, at("2026-10-20T12:00+00:00")) == at("2026-10-26T07:00+00:00")
    assert next_at(mondays, at("2026-10-13T12:00+00:00")) == at("2026-10-19T06:00+00:00")


def test_a_day_of_the_month_comes_in_every_month() -> None:
    last = rhythm(weekday=None, day=28, at=time(18), zone="UTC")
    assert next_at(last, at("2027-01-28T18:00+00:00")) == at("2027-02-28T18:00+00:00")


def test_a_time_that_the_clocks_skip_comes_when_they_have() -> None:
    night = rhythm(weekday=6, day=None, at=time(2, 30), zone=BERLIN)
    assert next_at(night, at("2027-03-27T12:00+00:00")) == at("2027-03-28T01:30+00:00")


@given(
    st.one_of(
        st.builds(lambda n: (n, None), st.integers(0, 6)),
        st.builds(lambda n: (None, n), st.integers(1, 28)),
    ),
    st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    st.sampled_from([BERLIN, "UTC", "America/New_York", "Pacific/Apia", "Asia/Kathmandu"]),
    st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)),
)
def test_the_next_is_always_later_and_never_two_periods_away(
    when: tuple[int | None, int | None], time_of_day: time, zone: str, naive: datetime
) -> None:
    moment = naive.replace(tzinfo=UTC)
    found = rhythm(weekday=when[0], day=when[1], at=time_of_day, zone=zone)
    later = next_at(found, moment)
    longest = timedelta(days=8 if when[0] is not None else 33)
    assert moment < later <= moment + longest


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"weekday": None, "day": None}, "weekday"),
        ({"weekday": 1, "day": 1}, "weekday"),
        ({"weekday": 7, "day": None}, "weekday"),
        ({"weekday": None, "day": 29}, "day"),
        ({"weekday": 1, "day": None, "zone": "Europe/Nowhere"}, "timezone"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(sent: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as error:
        rhythm(**({"at": time(8), "zone": BERLIN} | sent))  # type: ignore[arg-type]
    assert error.value.problems[0][0] == field


@pytest.mark.parametrize(
    ("covers", "day", "key"),
    [
        ("months", "2026-11-02", "2026-10"),
        ("quarter", "2026-11-02", "2026-q3"),
        ("quarter", "2026-10-01", "2026-q3"),
        ("quarter", "2027-01-01", "2026-q4"),
    ],
)
def test_it_covers_months_that_are_over(covers: str, day: str, key: str) -> None:
    assert period_of(covers, at(f"{day}T08:00+00:00")).key == key
