"""Recurrence and windows agree with an oracle that walks every minute, and never take long."""

from __future__ import annotations

import pytest

from exercises.domain.errors import Invalid
from exercises.domain.recurrence import MAX_PERIODS, Rule
from exercises.domain.recurrence_rule import parts_of
from tests.time_properties.cases import BOMBS, check, slowest_of_bombs


def test_the_short_form_finds_no_difference() -> None:
    outcomes = [check(seed, spans=1) for seed in range(600)]
    assert [(o.name, o.difference) for o in outcomes if o.difference] == []


def test_rules_made_to_be_slow_take_few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measured in days looked at, so that a busy machine says nothing about it."""
    from exercises.domain import recurrence, recurrence_rule

    looked = 0
    days = recurrence_rule.days

    def counted(*arguments: object) -> object:
        nonlocal looked
        looked += 1
        return days(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(recurrence, "days", counted)
    slowest_of_bombs()
    assert looked <= MAX_PERIODS * len(BOMBS) / 2


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("FREQ=DAILY;BYDAY=" + ",".join(["MO"] * 100), "at most 200 characters"),
        ("FREQ=DAILY;BYSECOND=" + ",".join(map(str, range(60))), "BYSECOND"),
        ("FREQ=SECONDLY;INTERVAL=1", "FREQ is one of"),
        ("FREQ=DAILY;BYDAY=2MO", "without a number"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "no meaning"),
        ("FREQ=YEARLY;BYDAY=2MO;BYMONTHDAY=1", "without a number"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY"),
        ("FREQ=MONTHLY;BYMONTH=13", "BYMONTH"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0", "BYSETPOS"),
    ],
)
def test_a_bomb_is_refused_with_what_is_wrong(text: str, named: str) -> None:
    with pytest.raises(Invalid, match=named):
        parts_of(text)


def test_a_count_from_long_ago_is_refused_rather_than_counted_for_ever() -> None:
    from datetime import UTC, datetime

    from exercises.domain.recurrence import occurrences

    old = Rule("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=2", "UTC", datetime(1970, 1, 1), 3600)
    with pytest.raises(Invalid, match="10,000 steps"):
        occurrences(
            old, after=datetime(2026, 1, 1, tzinfo=UTC), until=datetime(2027, 1, 1, tzinfo=UTC)
        )
