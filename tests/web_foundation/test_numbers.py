"""Whole numbers as a browser sends them."""

from __future__ import annotations

import pytest

from exercises.web.numbers import whole


@pytest.mark.parametrize(("typed", "number"), [("0", 0), (" 42 ", 42), ("9" * 18, 10**18 - 1)])
def test_a_whole_number_is_read(typed: str, number: int) -> None:
    assert whole(typed) == number


@pytest.mark.parametrize("typed", ["", "-1", "1.0", "1_0", "²", "٥", "9" * 19, "9" * 5000])
def test_anything_else_is_no_number(typed: str) -> None:
    assert whole(typed) is None


def test_fewer_digits_may_be_wanted() -> None:
    assert whole("999999", digits=6) == 999999
    assert whole("1000000", digits=6) is None
