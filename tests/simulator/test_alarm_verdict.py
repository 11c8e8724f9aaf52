"""When CloudWatch says ALARM, OK or INSUFFICIENT_DATA."""

from __future__ import annotations

import pytest

from simulator.world.alarms import verdict


@pytest.mark.parametrize(
    ("values", "needed", "missing", "expected"),
    [
        ([70.0, 71.0, 72.0], 3, "missing", "ALARM"),
        ([70.0, 80.0, 72.0], 3, "missing", "OK"),
        ([70.0, 80.0, 72.0], 2, "missing", "ALARM"),
        ([70.0, None, 72.0], 3, "missing", "OK"),
        ([70.0, None, 72.0], 3, "breaching", "ALARM"),
        ([None, None, None], 3, "breaching", "ALARM"),
        ([None, None, None], 3, "notBreaching", "OK"),
        ([None, None, None], 3, "missing", "INSUFFICIENT_DATA"),
        ([None, None, None], 3, "ignore", "ALARM"),
    ],
)
def test_m_of_n_periods_and_missing_data_decide(
    values: list[float | None], needed: int, missing: str, expected: str
) -> None:
    state, _ = verdict(values, lambda value: value < 75, needed, missing, current="ALARM")

    assert state == expected
