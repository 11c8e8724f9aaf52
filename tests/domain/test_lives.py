"""The moves of exercises and findings, and the edges of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from exercises.domain import exercise_phases, finding_states
from exercises.domain.durations import iso, iso_seconds, wall_seconds
from exercises.domain.errors import Conflict, Invalid, Refused
from exercises.domain.exercise_phases import Phase
from exercises.domain.finding_states import FindingState
from exercises.domain.times import Window

NOON = datetime(2026, 11, 11, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("current", "to"),
    [
        ("live", "preflight"),
        ("plan", "live"),
        ("closed", "debrief"),
        ("cancelled", "plan"),
        ("live", "cancelled"),
    ],
)
def test_a_phase_that_does_not_follow_is_refused(current: str, to: str) -> None:
    with pytest.raises(Conflict):
        exercise_phases.move(Phase(current), Phase(to))


def test_phases_lead_on_to_the_end() -> None:
    phase: Phase | None = Phase.PLAN
    seen = []
    while phase is not None:
        seen.append(phase)
        following = exercise_phases.next_phase(phase)
        if following:
            exercise_phases.move(phase, following)
        phase = following
    assert tuple(seen) == exercise_phases.ORDER


def test_a_finding_is_verified_only_by_a_run_that_held() -> None:
    for state in FindingState:
        with pytest.raises((Conflict, Refused)):
            finding_states.move(state, FindingState.VERIFIED)
    assert (
        finding_states.move(FindingState.FIX_LIVE, FindingState.VERIFIED, is_proven=True)
        is FindingState.VERIFIED
    )


def test_no_open_finding_is_verified_before_its_fix_is_live() -> None:
    for state in (FindingState.FOUND, FindingState.ACCEPTED, FindingState.FIX_AGREED):
        with pytest.raises(Conflict):
            finding_states.move(state, FindingState.VERIFIED, is_proven=True)


@pytest.mark.parametrize(
    ("text", "seconds"), [("PT5M", 300), ("PT1M30S", 90), ("PT1H", 3600), ("P1DT1S", 86401)]
)
def test_iso_durations_are_read(text: str, seconds: int) -> None:
    assert iso_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "P", "PT", "5M", "PT5", "P1M", "PT-5M", "PT5m", "PT٥M"])
def test_what_is_no_iso_duration_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        iso_seconds(text)


@pytest.mark.parametrize("seconds", [0, 1, 59, 60, 61, 3600, 86400])
def test_durations_survive_the_round_trip(seconds: int) -> None:
    assert iso_seconds(iso(seconds)) == seconds


def test_the_wall_clock_is_shorter_on_the_simulated_estate() -> None:
    assert wall_seconds(1800, 60) == 30


def test_windows_are_half_open() -> None:
    window = Window(NOON, NOON + timedelta(hours=1))
    after = Window(window.ends_at, window.ends_at + timedelta(hours=1))
    assert window.contains(window.starts_at)
    assert not window.contains(window.ends_at)
    assert not window.overlaps(after)


def test_a_window_refuses_naive_times_and_a_wrong_order() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Window(datetime(2026, 1, 1), NOON)
    with pytest.raises(ValueError, match="ends after"):
        Window(NOON, NOON)
