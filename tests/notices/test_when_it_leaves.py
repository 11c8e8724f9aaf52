"""When a message leaves, and who hears of what: rules without a database."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercises.domain.delivery_times import (
    GATHER,
    GATHER_URGENT,
    RETRY_AFTER,
    MailPace,
    Wishes,
    has_failed_for_long,
    leaves_at,
    retry_at,
)
from exercises.domain.errors import Invalid
from exercises.domain.notices import BUILT_IN, Audience, Topic, grace_of, read_rules

NIGHT = Wishes(quiet_from=time(22, 0), quiet_until=time(7, 0))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_what_is_not_urgent_is_gathered() -> None:
    now = at("2026-11-18 10:00")
    assert leaves_at(now, Wishes(), is_urgent=False) == now + GATHER


def test_what_is_urgent_leaves_at_once_also_at_night_and_for_who_wants_no_mail() -> None:
    now = at("2026-11-18 23:00")
    silent = Wishes(pace=MailPace.NEVER, quiet_from=time(22, 0), quiet_until=time(7, 0))
    assert leaves_at(now, silent, is_urgent=True) == now + GATHER_URGENT
    assert leaves_at(now, silent, is_urgent=False) is None


@pytest.mark.parametrize(
    ("now", "leaves"),
    [
        ("2026-11-18 20:30", "2026-11-18 20:45"),  # 21:45 in Berlin: not quiet yet
        ("2026-11-18 21:00", "2026-11-19 06:00"),  # 22:15 in Berlin
        ("2026-11-19 03:00", "2026-11-19 06:00"),
        ("2026-11-19 05:50", "2026-11-19 06:05"),
        ("2026-03-29 00:30", "2026-03-29 05:00"),  # the night in which the clocks go forward
    ],
)
def test_quiet_hours_are_local_and_may_cross_midnight(now: str, leaves: str) -> None:
    assert leaves_at(at(now), NIGHT, is_urgent=False) == at(leaves)


def test_a_daily_digest_leaves_at_its_hour_in_the_zone_of_the_person() -> None:
    daily = Wishes(pace=MailPace.DAILY, zone="America/New_York", daily_at=time(8, 0))
    assert leaves_at(at("2026-11-18 12:00"), daily, is_urgent=False) == at("2026-11-18 13:00")
    assert leaves_at(at("2026-11-18 13:00"), daily, is_urgent=False) == at("2026-11-19 13:00")


@given(
    now=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),
    start=st.times(),
    end=st.times(),
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]),
)
def test_nothing_waits_longer_than_two_days_nor_leaves_earlier_than_it_happened(
    now: datetime, start: time, end: time, zone: str
) -> None:
    moment = now.replace(tzinfo=UTC)
    for pace in (MailPace.SOON, MailPace.DAILY):
        wishes = Wishes(pace, zone, daily_at=end, quiet_from=start, quiet_until=end)
        leaves = leaves_at(moment, wishes, is_urgent=False)
        assert leaves is not None
        assert moment < leaves <= moment + timedelta(days=3)


def test_tries_are_further_and_further_apart_and_end_after_three_days() -> None:
    now = at("2026-11-18 10:00")
    waits = [retry_at(now, failures) - now for failures in range(1, 12)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (RETRY_AFTER[0], RETRY_AFTER[-1])
    assert not has_failed_for_long(now, now + timedelta(hours=71))
    assert has_failed_for_long(now, now + timedelta(days=3))


def test_leadership_hears_of_wide_exercises_only_until_the_policy_says_otherwise() -> None:
    assert not BUILT_IN.reaches(Topic.STARTED, Audience.LEADERSHIP, 3)
    assert BUILT_IN.reaches(Topic.STARTED, Audience.LEADERSHIP, 4)
    assert not BUILT_IN.reaches(Topic.WEEK_BEFORE, Audience.LEADERSHIP, 5)
    assert read_rules(BUILT_IN.as_json()) == BUILT_IN


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (
            {"started": {"participants": 6, "dependents": 1, "leadership": 1}},
            "started.participants",
        ),
        ({"started": {"participants": True}}, "started.participants"),
        ({"started": {"participants": 1, "press": 1}}, "started.press"),
        ({"started": 3}, "started"),
        ({"tea": {}}, "tea"),
    ],
)
def test_a_policy_that_cannot_be_read_names_the_cell(change: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_rules({**BUILT_IN.as_json(), **change})
    assert field in [name for name, _ in refused.value.problems]


def test_a_moment_is_told_a_quarter_late_at_most() -> None:
    assert grace_of(Topic.HOUR_BEFORE) == timedelta(minutes=15)
    assert grace_of(Topic.ANNOUNCED) == timedelta(days=1)
