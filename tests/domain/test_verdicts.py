"""When a hypothesis held, fell, or cannot be judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from exercises.domain.engine_values import Reading
from exercises.domain.steady_state import ProbeSpec
from exercises.domain.verdicts import Judgement, RunVerdict, check_again, judge

START = datetime(2026, 11, 11, 9, tzinfo=UTC)
END = START + timedelta(minutes=35)
SPEC = ProbeSpec(
    key="delivered",
    name="Messages delivered",
    kind="cloudwatch",
    unit="%",
    is_business=True,
    namespace="Fleet",
    metric="Delivered",
    dimensions={},
    stat="Average",
    period_s=60,
    low=99.5,
    high=None,
    grace_s=120,
)

Value = Callable[[int], float | None]


def judged(value: Value, *, speed: float = 1, deviated: str = "", **options: bool) -> Judgement:
    """Judge one probe whose value at each planned minute from -10 to 35 is `value(minute)`."""
    readings = [
        Reading("delivered", START + timedelta(minutes=m) / speed, v)
        for m in range(-10, 36)
        if (v := value(m)) is not None
    ]
    return judge(
        [SPEC],
        {"delivered": readings},
        fault_started_at=START,
        settled_at=START + (END - START) / speed,
        speed=speed,
        engine_failed=options.get("engine_failed", False),
        stopped_early=options.get("stopped_early", False),
        unapproved=options.get("unapproved", False),
        deviated=deviated,
    )


def test_inside_throughout_is_held() -> None:
    assert judged(lambda m: 99.9).verdict is RunVerdict.HELD


@pytest.mark.parametrize("speed", [1, 60])
@pytest.mark.parametrize(("minutes", "verdict"), [(2, "held"), (3, "not_held")])
def test_outside_for_the_grace_is_forgiven_and_longer_is_not(
    minutes: int, verdict: str, speed: float
) -> None:
    found = judged(lambda m: 90 if 5 <= m < 5 + minutes else 99.9, speed=speed)
    assert found.verdict == verdict
    assert found.probes[0].longest_outside_s == pytest.approx(minutes * 60)
    assert found.probes[0].worst == 90


def test_outside_at_the_end_is_not_held_however_short() -> None:
    found = judged(lambda m: 90 if m >= 34 else 99.9)
    assert found.verdict is RunVerdict.NOT_HELD
    assert not found.probes[0].recovered


def test_two_short_spells_are_not_one_long_one() -> None:
    assert judged(lambda m: 90 if m in {5, 6, 9, 10} else 99.9).verdict is RunVerdict.HELD


def test_missing_data_is_never_fine() -> None:
    found = judged(lambda m: None if 5 <= m < 20 else 99.9)
    assert found.verdict is RunVerdict.NOT_HELD
    assert judged(lambda m: None if m >= 0 else 99.9).probes[0].missing


def test_no_steady_state_before_the_fault_is_inconclusive() -> None:
    assert judged(lambda m: 90 if m < 0 else 99.9).verdict is RunVerdict.INCONCLUSIVE
    assert judged(lambda m: None if m < 0 else 99.9).verdict is RunVerdict.INCONCLUSIVE


def test_one_odd_datum_before_the_fault_does_not_void_the_run() -> None:
    assert judged(lambda m: 90 if m == -5 else 99.9).verdict is RunVerdict.HELD


def test_stopped_early_without_harm_is_inconclusive_and_with_harm_is_not_held() -> None:
    assert judged(lambda m: 99.9, stopped_early=True).verdict is RunVerdict.INCONCLUSIVE
    harmed = judged(lambda m: 90 if 5 <= m < 20 else 99.9, stopped_early=True)
    assert harmed.verdict is RunVerdict.NOT_HELD


def test_a_failed_engine_proves_nothing_held() -> None:
    assert judged(lambda m: 99.9, engine_failed=True).verdict is RunVerdict.INCONCLUSIVE


def test_what_was_not_approved_proves_nothing_held() -> None:
    found = judged(lambda m: 99.9, unapproved=True)
    assert found.verdict is RunVerdict.INCONCLUSIVE
    assert found.reason == "What ran was not what was approved."


def test_what_the_engine_itself_saw_outside_makes_it_fall() -> None:
    found = judged(lambda m: 99.9, deviated="no-5xx was not as expected after it.")
    assert (found.verdict, found.reason) == (
        RunVerdict.NOT_HELD,
        "no-5xx was not as expected after it.",
    )
    unsettled = judged(lambda m: 90 if m < 0 else 99.9, deviated="no-5xx was not as expected.")
    assert unsettled.verdict is RunVerdict.INCONCLUSIVE


def test_the_reason_names_the_probe_and_the_time() -> None:
    found = judged(lambda m: 90 if 5 <= m < 11 else 99.9)
    assert found.reason == "Messages delivered was outside for 6 m 00 s."


def test_a_limit_of_no_grace_allows_no_datum_outside() -> None:
    strict = replace(SPEC, grace_s=0)
    readings = [
        Reading("delivered", START + timedelta(minutes=m), 90 if m == 5 else 99.9)
        for m in range(-10, 36)
    ]
    found = judge(
        [strict],
        {"delivered": readings},
        fault_started_at=START,
        settled_at=END,
        speed=1,
        engine_failed=False,
        stopped_early=False,
    )
    assert found.verdict is RunVerdict.NOT_HELD


LATER = END + timedelta(minutes=25)


@pytest.mark.parametrize("speed", [1, 60])
@pytest.mark.parametrize(
    ("values", "verdict"),
    [([99.9] * 5, "held"), ([99.9, 99.9, 99.9, 90, 90], "not_held"), ([], "not_held")],
)
def test_held_needs_to_be_steady_at_the_delayed_check_too(
    values: list[float], verdict: str, speed: float
) -> None:
    at = START + (LATER - START) / speed
    late = [
        Reading("delivered", at - timedelta(minutes=n) / speed, v) for n, v in enumerate(values)
    ]
    long_before = Reading("delivered", at - timedelta(minutes=6) / speed, 1.0)
    first = judged(lambda m: 99.9, speed=speed)
    found = check_again(
        first,
        [SPEC],
        {"delivered": [long_before, *late[::-1]]},
        at=at,
        after_min=30,
        speed=speed,
    )
    assert found.verdict == verdict
    assert found.probes[0].was_steady_later is (verdict == "held")
    assert found.probes[0].is_beyond is (verdict == "not_held")
    said = {
        "held": "came back in time. Checked again 30 min after the fault: steady.",
        "not_held": "Messages delivered not steady when checked again 30 min after the fault.",
    }
    assert found.reason.endswith(said[verdict])
