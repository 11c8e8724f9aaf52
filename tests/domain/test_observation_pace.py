"""Looks are quick where something is about to happen, and rare where nothing is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exercises.domain.observation_pace import QUICK_S, RARE_S, WatchedRun, interval_s

USUAL_S = 5.0
CALM = WatchedRun(
    age_s=300, is_stopping=False, is_over=False, is_guarded=False, ends_in_s=[-250, 400]
)
LONG = replace(CALM, age_s=900, ends_in_s=[900])


def pace(*runs: WatchedRun, usual_s: float = USUAL_S) -> float:
    return interval_s(runs, usual_s=usual_s)


def test_where_nothing_runs_looks_are_rare() -> None:
    assert pace() == RARE_S


def test_in_mid_run_looks_come_as_configured() -> None:
    assert pace(CALM) == USUAL_S


@pytest.mark.parametrize(
    "run",
    [
        replace(CALM, age_s=0),
        replace(CALM, age_s=59),
        replace(CALM, is_stopping=True),
        replace(LONG, is_stopping=True),
        replace(CALM, ends_in_s=[5, 400]),
        replace(CALM, ends_in_s=[-20]),
    ],
)
def test_after_a_start_in_a_stop_and_near_an_end_looks_are_quick(run: WatchedRun) -> None:
    assert pace(run) == QUICK_S


def test_a_long_quiet_run_is_looked_at_half_as_often() -> None:
    assert pace(LONG) == 2 * USUAL_S


def test_what_a_measurement_may_stop_is_never_looked_at_more_slowly() -> None:
    assert pace(replace(LONG, is_guarded=True)) == USUAL_S


def test_a_look_comes_before_the_next_end() -> None:
    assert pace(replace(LONG, ends_in_s=[12])) == 7
    assert pace(replace(CALM, ends_in_s=[5.4])) == QUICK_S


def test_recovery_after_the_end_is_looked_at_as_configured() -> None:
    assert pace(replace(LONG, is_over=True, ends_in_s=[0])) == USUAL_S


def test_the_run_that_needs_it_most_sets_the_pace_of_its_region() -> None:
    assert pace(LONG, replace(CALM, age_s=3)) == QUICK_S


def test_a_shorter_configured_interval_is_kept() -> None:
    assert pace(replace(CALM, age_s=3), usual_s=0.5) == 0.5
    assert pace(LONG, usual_s=0.5) == QUICK_S


@pytest.mark.parametrize(("rests_s", "seconds"), [(0, USUAL_S), (12, 12), (1500, RARE_S)])
def test_looks_are_rare_until_it_is_checked_again(rests_s: float, seconds: float) -> None:
    assert pace(replace(CALM, is_over=True, rests_s=rests_s)) == seconds
