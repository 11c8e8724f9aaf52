"""Editions come at the same local time all year, each once, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exercises.domain.errors import Invalid
from exercises.domain.recurrence import Rule, occurrences
from tests.time_properties.cases import BOMBS

ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Antarctica/Troll",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "UTC",
]


def rule(text="FREQ=MONTHLY;BYDAY=2WE", zone="Europe/Berlin", start=None, duration_s=9000):
    return Rule(text, zone, start or datetime(2026, 1, 14, 9, 30), duration_s)


def year(a_rule, of=2026, **kwargs):
    return occurrences(
        a_rule,
        after=datetime(of, 1, 1, tzinfo=UTC),
        until=datetime(of + 1, 1, 1, tzinfo=UTC),
        **kwargs,
    )


def test_the_second_wednesday_keeps_its_local_time_through_summer_time():
    found = year(rule())
    assert len(found) == 12
    assert {o.local.strftime("%a %H:%M") for o in found} == {"Wed 09:30"}
    assert {o.starts_at.hour for o in found} == {7, 8}
    assert all(o.ends_at - o.starts_at == timedelta(hours=2, minutes=30) for o in found)


def test_a_time_that_the_clocks_skip_is_shifted_forward():
    start = datetime(2026, 3, 1, 2, 30)
    found = year(rule("FREQ=DAILY", "America/New_York", start))
    [shifted] = [o for o in found if o.is_shifted]
    assert shifted.starts_at == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)
    assert shifted.key == "2026-03-08T02:30:00/0"


def test_a_time_that_comes_twice_is_taken_the_first_time_only():
    start = datetime(2026, 10, 1, 1, 30)
    found = year(rule("FREQ=DAILY", "America/New_York", start), limit=200)
    [twice] = [o for o in found if o.local.date().isoformat() == "2026-11-01"]
    assert twice.starts_at == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


def test_a_day_that_a_zone_skips_makes_no_second_edition_at_the_same_moment():
    found = year(rule("FREQ=DAILY", "Pacific/Apia", datetime(2011, 12, 1, 9)), of=2011, limit=400)
    assert len({o.starts_at for o in found}) == len(found)


@settings(max_examples=60, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    start=st.datetimes(datetime(1975, 1, 1), datetime(2036, 1, 1)),
    text=st.sampled_from(["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=TU,SU", "FREQ=MONTHLY;BYMONTHDAY=-1"]),
)
def test_every_occurrence_is_at_its_local_time_unless_marked_shifted(zone, start, text):
    after = start.replace(tzinfo=UTC)
    found = occurrences(
        rule(text, zone, start.replace(second=0, microsecond=0)),
        after=after,
        until=after + timedelta(days=400),
        limit=500,
    )
    moments = [o.starts_at for o in found]
    assert moments == sorted(set(moments))
    for o in found:
        local = o.starts_at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)
        assert (local == o.local) is not o.is_shifted
        assert local >= o.local


def test_the_bounds_leave_after_out_and_let_until_in():
    found = year(rule())
    first, second = found[0].starts_at, found[1].starts_at
    assert [o.starts_at for o in occurrences(rule(), after=first, until=second)] == [second]


@pytest.mark.parametrize(
    ("text", "how_many"),
    [
        ("FREQ=MONTHLY;BYDAY=2WE;COUNT=3", 3),
        ("FREQ=MONTHLY;BYDAY=2WE;UNTIL=20260408", 4),
        ("FREQ=MONTHLY;BYDAY=2WE;UNTIL=20260408T072959Z", 3),
        ("RRULE:FREQ=MONTHLY;INTERVAL=6;BYDAY=2WE", 2),
        ("FREQ=MONTHLY;BYMONTHDAY=31", 7),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", 0),
    ],
)
def test_a_rule_ends_where_it_says(text, how_many):
    assert len(year(rule(text))) == how_many


def test_a_rule_that_never_comes_true_ends():
    old = rule("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", start=datetime(1990, 1, 1))
    assert year(old) == []


@pytest.mark.parametrize("text", BOMBS)
def test_a_rule_made_to_be_slow_ends_or_is_refused_by_its_field(text):
    bomb = Rule(text, "Europe/Berlin", datetime(1970, 1, 1, 2, 30), 3600)
    problems: list[tuple[str, str]] = []
    found = []
    try:
        found = year(bomb, limit=500)
    except Invalid as refused:
        problems = list(refused.problems)
    assert len(found) <= 366
    assert {field for field, _ in problems} <= {"rrule"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "FREQ=SECONDLY",
        "FREQ=HOURLY",
        "BYDAY=MO",
        "FREQ=DAILY;BYHOUR=1,2",
        "FREQ=DAILY;BYMINUTE=0",
        "FREQ=DAILY;COUNT=501",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;COUNT=2;UNTIL=20270101",
        "FREQ=DAILY;FREQ=DAILY",
        "FREQ=DAILY;UNTIL=20261399",
        "FREQ=MONTHLY;BYDAY=2XX",
        "FREQ=MONTHLY;BYDAY=MO,XX",
        "FREQ=DAILY\nEXDATE:20260101",
    ],
)
def test_other_rules_are_refused_by_name(text):
    with pytest.raises(Invalid) as error:
        year(rule(text))
    assert [field for field, _ in error.value.problems] == ["rrule"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"zone": "Europe/Nowhere"}, "timezone"),
        ({"zone": "../../etc/passwd"}, "timezone"),
        ({"zone": ""}, "timezone"),
        ({"start": datetime(2026, 1, 1, tzinfo=UTC)}, "local_start"),
        ({"duration_s": 0}, "duration"),
    ],
)
def test_the_other_fields_are_checked_too(changes, field):
    with pytest.raises(Invalid) as error:
        year(rule(**changes))
    assert error.value.problems[0][0] == field
