"""When a measurement ends a run by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from exercises.domain.engine_values import Reading
from exercises.domain.errors import Invalid
from exercises.domain.guardrails import reason_to_stop
from exercises.domain.steady_state import probes_from_json
from tests.domain.test_steady_state import ROW

START = datetime(2026, 11, 11, 9, tzinfo=UTC)
GUARDED = ROW | {"high": 1000, "stop_high": 2000, "stop_after": 3}


def reason(
    values: list[float | None], *, speed: float = 1, later_s: float = 0, **changes: object
) -> str | None:
    """Readings a planned minute apart from the start; asked right after the last one."""
    (spec,) = probes_from_json([GUARDED | changes])
    minute = timedelta(minutes=1) / speed
    readings = [Reading("p99", START + minute * n, value) for n, value in enumerate(values)]
    now = START + minute * len(values) + timedelta(seconds=later_s) / speed
    return reason_to_stop(spec, readings, since=START, now=now, speed=speed)


def test_enough_readings_beyond_the_stop_limit_end_the_run() -> None:
    assert reason([500, 2001, 2002, 2003]) == (
        "Publish to deliver is at 2,003 ms, beyond its stop limit"
    )


@pytest.mark.parametrize(
    "values",
    [[2001, 2002], [2001, 2002, 2000], [2001, 500, 2001, 2002], [1500, 1500, 1500, 1500]],
)
def test_too_few_in_a_row_or_only_outside_the_hypothesis_do_not(values: list[float]) -> None:
    assert reason([*values]) is None


def test_a_lower_stop_limit_holds_too() -> None:
    assert reason([80] * 3, high=None, stop_high=None, low=99, stop_low=90) is not None
    assert reason([95] * 3, high=None, stop_high=None, low=99, stop_low=90) is None


@pytest.mark.parametrize("speed", [1, 60])
def test_silence_ends_the_run_and_missing_values_are_silence(speed: float) -> None:
    assert reason([500, 500], speed=speed, later_s=61) == "Publish to deliver says nothing any more"
    assert reason([500, None, None], speed=speed, later_s=1) is not None
    assert reason([500, 500], speed=speed, later_s=59) is None


def test_a_run_that_never_said_anything_is_ended() -> None:
    assert reason([], later_s=121) is not None
    assert reason([], later_s=119) is None


def test_a_probe_without_a_stop_limit_ends_nothing() -> None:
    assert reason([9999] * 9, stop_high=None) is None


def test_a_stop_limit_is_read_as_it_was_written_and_its_absence_too() -> None:
    for row, has_one in ((GUARDED | {"stop_low": None}, True), (ROW, False)):
        (spec,) = probes_from_json([row])
        assert {name: getattr(spec, name) for name in row} == row
        assert spec.has_stop_limit is has_one


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"stop_high": 999}, "stop_high"),
        ({"stop_high": "2000"}, "stop_high"),
        ({"low": 10, "stop_low": 11}, "stop_low"),
        ({"stop_after": 0}, "stop_after"),
        ({"stop_after": 21}, "stop_after"),
    ],
)
def test_a_stop_limit_inside_the_hypothesis_is_refused(
    change: dict[str, object], field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        probes_from_json([GUARDED | change])
    assert [name for name, _ in caught.value.problems] == [f"steady_state[0].{field}"]
