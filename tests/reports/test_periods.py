"""The three months of a report, and the year that its trends look back on."""

from __future__ import annotations

from datetime import date

import pytest

from exercises.domain.errors import Invalid
from exercises.domain.report_periods import Month, Period, period_from, quarters


@pytest.mark.parametrize(
    ("key", "first", "last"),
    [
        ("2026-q1", Month(2026, 1), Month(2026, 3)),
        ("2026-q4", Month(2026, 10), Month(2026, 12)),
        ("2026-10", Month(2026, 8), Month(2026, 10)),
        ("2026-01", Month(2025, 11), Month(2026, 1)),
    ],
)
def test_a_key_names_three_months(key: str, first: Month, last: Month) -> None:
    period = period_from(key)
    assert (period.first, period.last) == (first, last)
    assert period.key == key
    assert period.year[0] == last.plus(-11)


def test_a_month_that_ends_a_quarter_is_that_quarter() -> None:
    assert period_from("2026-09").key == "2026-q3"


@pytest.mark.parametrize(
    "key",
    ["2026-q5", "2026-13", "1999-q1", "2026", "2026-q1 ", "２０２６-q1"],  # noqa: RUF001
)
def test_anything_else_is_refused(key: str) -> None:
    with pytest.raises(Invalid) as caught:
        period_from(key)
    assert caught.value.problems[0][0] == "period"


def test_quarters_reach_from_the_one_of_today_back_to_that_of_the_first_run() -> None:
    found = quarters(date(2025, 11, 30), date(2026, 5, 1))
    assert [period.key for period in found] == ["2026-q2", "2026-q1", "2025-q4"]


def test_three_months_are_compared_with_the_three_before() -> None:
    assert Period(Month(2026, 2)).before == Period(Month(2025, 11))
