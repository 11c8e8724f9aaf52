"""What was expected against what happened."""

from __future__ import annotations

import pytest

from exercises.domain.predictions import Compared, Expected, compare

YES, NO = Expected(True, 60), Expected(False, 300)


@pytest.mark.parametrize(
    ("expected", "verdict", "right", "is_surprise"),
    [
        ([YES, YES, NO], "held", 2, False),
        ([YES, YES, NO], "not_held", 1, True),
        ([YES, NO], "not_held", 1, False),
        ([YES, YES], "inconclusive", None, False),
        ([YES], "", None, False),
        ([], "held", 0, False),
    ],
)
def test_it_is_a_surprise_when_most_expected_otherwise(
    expected: list[Expected], verdict: str, right: int | None, is_surprise: bool
) -> None:
    found = compare(expected, verdict)
    assert (found.said, found.right, found.is_surprise) == (len(expected), right, is_surprise)


def test_the_time_back_inside_is_the_middle_one_of_those_who_gave_one() -> None:
    said = [Expected(True, 60), Expected(True, 600), Expected(True), Expected(False, 120)]
    assert compare(said, "held") == Compared(said=4, right=3, median_recovery_s=120)
    assert compare([Expected(True)], "held").median_recovery_s is None
