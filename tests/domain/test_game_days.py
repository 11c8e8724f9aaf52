"""Game days: what a round earns, how the ledger adds up, and which rules can be read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from exercises.domain.engine_values import Reading
from exercises.domain.errors import Invalid
from exercises.domain.game_rules import STANDARD, rules_from_json, rules_to_json
from exercises.domain.game_scoring import Measured, earned, measure, together
from exercises.domain.score_ledger import Entry, EntryKind, correction_of, standings, worth
from exercises.domain.steady_state import probes_from_json
from tests.build import PROBES

T0 = datetime(2026, 3, 11, 9, 0, tzinfo=UTC)
SPECS = probes_from_json([PROBES[0]])
QUIET = Measured(600_000, 600_000, was_disturbed=False, detected_s=None, recovered_s=0)
DOWN = Measured(300_000, 600_000, was_disturbed=True, detected_s=180, recovered_s=900)


def readings(values: list[float | None], *, every_s: int = 60) -> dict[str, list[Reading]]:
    return {
        "delivered": [
            Reading("delivered", T0 + timedelta(seconds=every_s * step), value)
            for step, value in enumerate(values)
        ]
    }


def measured(
    values: list[float | None], *, seen_s: int | None = None, speed: float = 1
) -> Measured:
    return measure(
        SPECS,
        readings(values, every_s=60 // int(speed)),
        started_at=T0,
        until=T0 + timedelta(seconds=60 * len(values) / speed),
        seen_at=None if seen_s is None else T0 + timedelta(seconds=seen_s),
        speed=speed,
    )


def test_minutes_inside_the_steady_state_earn_their_share_of_the_points() -> None:
    found = measured([99.9, 90, 90, 99.9, 99.9, 99.9, 99.9, 99.9, 99.9, 99.9])
    assert (found.inside_ms, found.window_ms) == (480_000, 600_000)
    assert earned(STANDARD, "critical", found).availability == 48


def test_silence_is_never_availability() -> None:
    assert measured([None] * 10).inside_ms == 0
    assert measured([99.9, None, None, None, None, None]).inside_ms == 120_000


def test_a_faster_clock_earns_the_same() -> None:
    values: list[float | None] = [99.9, 90, 90, 99.9, 99.9]
    assert measured(values, speed=60) == measured(values)


def test_detection_counts_from_the_fault_to_the_word_of_the_team() -> None:
    assert measured([90, 90, 99.9], seen_s=65).detected_s == 65
    assert measured([90, 90, 99.9]).detected_s is None
    assert measured([90, 90, 99.9], seen_s=-5).detected_s is None


def test_recovery_counts_to_the_last_time_it_came_back() -> None:
    assert measured([99.9, 90, 99.9, 90, 99.9]).recovered_s == 240
    assert measured([99.9, 90, 90]).recovered_s is None


@pytest.mark.parametrize(("took_s", "points"), [(180, 15), (390, 7), (599, 0), (600, 0), (9999, 0)])
def test_points_for_speed_fall_in_a_straight_line_between_the_thresholds(
    took_s: int, points: int
) -> None:
    assert earned(STANDARD, "critical", replace(DOWN, detected_s=took_s)).detection == points


def test_who_was_never_disturbed_earns_detection_and_recovery_in_full() -> None:
    assert earned(STANDARD, "low", QUIET).total == 90


def test_a_fault_that_nobody_said_they_saw_earns_nothing_for_detection() -> None:
    found = earned(STANDARD, "critical", replace(DOWN, detected_s=None, recovered_s=None))
    assert (found.availability, found.detection, found.recovery) == (30, 0, 0)


def test_of_several_runs_the_last_to_be_seen_and_to_be_back_counts() -> None:
    found = together([DOWN, replace(DOWN, detected_s=60, recovered_s=1200), QUIET])
    assert (found.detected_s, found.recovered_s, found.window_ms) == (180, 1200, 1_800_000)
    assert together([DOWN, replace(DOWN, detected_s=None)]).detected_s is None
    assert together([QUIET]).recovered_s == 0


def test_rules_read_back_as_they_were_written() -> None:
    assert rules_from_json(rules_to_json(STANDARD)) == STANDARD
    assert rules_from_json({}) == STANDARD


@pytest.mark.parametrize(
    ("document", "field", "limit"),
    [
        ([], "rules", "object"),
        ({"penalty": 5}, "penalty", "not known"),
        ({"availability": 1001}, "availability", "0 to 1,000"),
        ({"idea": True}, "idea", "whole number"),
        ({"thresholds": {"dire": {}}}, "thresholds.dire", "one of critical"),
        ({"thresholds": {"high": {"detection": [15, 5]}}}, "thresholds.high.detection", "smaller"),
        ({"thresholds": {"high": {"mood": [1, 5]}}}, "thresholds.high.mood", "recovery"),
    ],
)
def test_bad_rules_name_the_field_and_the_limit(document: object, field: str, limit: str) -> None:
    with pytest.raises(Invalid) as caught:
        rules_from_json(document)
    [(name, problem)] = caught.value.problems
    assert name == field
    assert limit in problem


LEDGER = (
    Entry(1, EntryKind.JOINED, team=1),
    Entry(2, EntryKind.JOINED, team=2),
    Entry(3, EntryKind.AVAILABILITY, 1, 50, round=1, inside_ms=50, window_ms=60),
    Entry(4, EntryKind.AVAILABILITY, 2, 60, round=1, inside_ms=60, window_ms=60),
    Entry(5, EntryKind.DETECTION, 1, 15, round=2, took_s=90),
    Entry(6, EntryKind.IDEA, 2, 5, round=2),
)


def test_the_board_follows_from_the_ledger_alone() -> None:
    second, first = sorted(standings(LEDGER), key=lambda row: row.team)
    assert [row.team for row in standings(LEDGER)] == [1, 2]
    assert (second.rank, second.points, second.by_round, second.detected_s) == (
        1,
        65,
        {1: 50, 2: 15},
        90,
    )
    assert (first.rank, first.points, first.ideas, first.shares) == (1, 65, 1, (1.0,))


def test_a_rise_is_counted_from_the_round_before() -> None:
    assert [(row.team, row.up) for row in standings(LEDGER)] == [(1, 1), (2, 0)]
    assert [row.up for row in standings(LEDGER[:4])] == [None, None]


def test_a_team_that_opted_out_is_not_on_the_board_and_keeps_its_points_for_its_return() -> None:
    out = (*LEDGER, Entry(7, EntryKind.OPTED_OUT, team=1))
    assert [row.team for row in standings(out)] == [2]
    back = (*out, Entry(8, EntryKind.OPTED_IN, team=1))
    assert standings(back) == standings(LEDGER)


def test_a_correction_is_another_entry_that_says_what_the_first_is_worth() -> None:
    points = correction_of(LEDGER, 3, to=60, most=60)
    corrected = (*LEDGER, Entry(7, EntryKind.CORRECTION, 1, points, round=1, corrects=3))
    assert worth(corrected, 3) == 60
    assert [(row.team, row.points) for row in standings(corrected)] == [(1, 75), (2, 65)]


@pytest.mark.parametrize(
    ("seq", "to", "words"),
    [(1, 5, "carries no points"), (99, 5, "carries no points"), (3, 61, "0 to 60"),
     (3, -1, "0 to 60"), (3, 50, "worth 50 already")],
)  # fmt: skip
def test_a_correction_that_makes_no_sense_is_refused(seq: int, to: int, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        correction_of(LEDGER, seq, to=to, most=60)
