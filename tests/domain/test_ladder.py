"""The confidence ladder: how far evidence lets an application go, and when it lapses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from exercises.domain.failure_families import applies_to, related, words_of
from exercises.domain.ladder import (
    EVIDENCE_AGE,
    MENTOR,
    Evidence,
    LadderRun,
    Level,
    Override,
    SignOff,
    allows,
    climb,
    level_of,
    levels_of_templates,
)

NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)
ALL = levels_of_templates([1, 3])


def run(level: int, verdict: str = "held", *, days: int = 30) -> LadderRun:
    return LadderRun(Level(level), verdict, NOW - timedelta(days=days))


def signed(days: int = 1) -> SignOff:
    at = NOW - timedelta(days=days)
    return SignOff("Telemetry owner", "Vehicle Telemetry", at, at + EVIDENCE_AGE)


def override(level: int, *, ends_in: int = 5) -> Override:
    return Override(Level(level), "Lead", "New service", NOW + timedelta(days=ends_in))


@pytest.mark.parametrize(
    ("environment", "rung", "level"),
    [
        ("dev", 1, 2),
        ("pre-production", 2, 2),
        ("pre-production", 3, 3),
        ("production", 1, 4),
        ("production", 2, 4),
        ("production", 3, 5),
        ("production", 5, 5),
    ],
)
def test_a_level_is_where_it_runs_and_how_far_it_reaches(
    environment: str, rung: int, level: int
) -> None:
    assert level_of(environment=environment, rung=rung) is Level(level)


@pytest.mark.parametrize(
    ("what", "runs", "level"),
    [
        ("nothing yet", [], 2),
        ("one held run is not two", [run(2)], 2),
        ("two held runs open the next level", [run(2), run(2)], 3),
        ("a run that did not hold opens nothing", [run(2), run(2, "not_held")], 2),
        ("an inconclusive one neither", [run(2), run(2, "inconclusive")], 2),
        ("a run from above counts below", [run(2), run(3)], 3),
        ("production needs two held zones before", [run(2), run(2), run(3)], 3),
        ("who was in production needs no mentor again", [run(4), run(4)], 5),
        ("one production run does not open its zone", [run(3), run(4)], 4),
        ("evidence of a year ago has lapsed", [run(2, days=365), run(2)], 2),
        ("evidence of a day less has not", [run(2, days=364), run(2)], 3),
    ],
)
def test_evidence_opens_levels(what: str, runs: list[LadderRun], level: int) -> None:
    assert climb(Evidence(ALL, runs), now=NOW).level is Level(level), what


def test_the_first_run_in_production_needs_a_mentor() -> None:
    evidence = Evidence(ALL, [run(3), run(3)])
    alone = climb(evidence, now=NOW)
    assert alone.level is Level.TRIED_ZONE
    assert alone.needs_sign_off
    assert alone.step(Level.PRODUCTION).missing == (MENTOR,)
    mentored = climb(Evidence(ALL, evidence.runs, sign_offs=[signed()]), now=NOW)
    assert mentored.level is Level.PRODUCTION
    assert not mentored.needs_sign_off
    late = climb(Evidence(ALL, evidence.runs, sign_offs=[signed(days=365)]), now=NOW)
    assert late.level is Level.TRIED_ZONE


def test_a_mentor_does_not_stand_in_for_evidence() -> None:
    ladder = climb(Evidence(ALL, [run(3)], sign_offs=[signed()]), now=NOW)
    assert ladder.level is Level.TRIED
    assert not ladder.needs_sign_off


def test_an_overdue_high_finding_closes_what_it_opened() -> None:
    runs = [run(4), run(4)]
    ladder = climb(Evidence(ALL, runs, overdue=["F-7"]), now=NOW)
    assert ladder.level is Level.TRIED
    assert "F-7" in ladder.step(Level.PRODUCTION_ZONE).missing[0]


def test_levels_without_a_template_are_passed_over() -> None:
    small = levels_of_templates([1, 2])
    assert small == {Level.LEARN, Level.TRIED, Level.PRODUCTION}
    ladder = climb(Evidence(small, [run(2), run(2)], sign_offs=[signed()]), now=NOW)
    assert ladder.level is Level.PRODUCTION
    assert ladder.next_step is None


def test_an_override_opens_a_level_until_it_ends_and_makes_nobody_a_mentor() -> None:
    opened = climb(Evidence(ALL, overrides=[override(4)]), now=NOW)
    assert (opened.level, opened.earned) == (Level.PRODUCTION, Level.TRIED)
    assert climb(Evidence(ALL, overrides=[override(4, ends_in=0)]), now=NOW).level is Level.TRIED


def test_a_step_says_since_when_it_is_open_and_when_it_lapses() -> None:
    runs = [run(2, days=200), run(2, days=100), run(2, days=40), run(2, "not_held", days=20)]
    ladder = climb(Evidence(ALL, runs), now=NOW)
    opened = ladder.step(Level.TRIED_ZONE)
    assert opened.since == NOW - timedelta(days=100)
    assert opened.lapses_at == NOW - timedelta(days=100) + EVIDENCE_AGE
    tried = ladder.step(Level.TRIED)
    assert (tried.held, tried.judged) == (3, 4)


def test_what_is_refused_in_production_fails_and_elsewhere_only_warns() -> None:
    ladder = climb(Evidence(ALL), now=NOW)
    assert allows(ladder, Level.TRIED, in_exercise=False).status == "ok"
    assert allows(ladder, Level.TRIED_ZONE, in_exercise=False).status == "warn"
    refused = allows(ladder, Level.PRODUCTION, in_exercise=True)
    assert refused.status == "fail"
    assert "2 held runs" in refused.detail


def test_an_override_is_said_with_who_and_why() -> None:
    answer = allows(
        climb(Evidence(ALL, overrides=[override(5)]), now=NOW), Level.PRODUCTION, in_exercise=True
    )
    assert answer.status == "warn"
    assert answer.detail == "Override of Lead until 23 Nov 2026: New service"


def test_a_zone_in_production_goes_in_an_exercise_only() -> None:
    ladder = climb(Evidence(ALL, [run(4), run(4)]), now=NOW)
    assert allows(ladder, Level.PRODUCTION_ZONE, in_exercise=True).status == "ok"
    assert allows(ladder, Level.PRODUCTION_ZONE, in_exercise=False).status == "fail"


def test_a_zone_is_made_of_smaller_failures_and_speaks_for_them() -> None:
    assert {"az-power", "instance-loss", "storage-loss"} <= related("az-power")
    assert related("instance-loss") == {"instance-loss", "az-power"}
    assert related("queue-overflow") == {"queue-overflow"}


def test_a_family_applies_by_architecture() -> None:
    assert not applies_to("database-failover", ["ec2"])
    assert applies_to("database-failover", ["aurora"])
    assert applies_to("database-failover", [])
    assert applies_to("queue-overflow", ["ec2"])
    assert words_of("queue-overflow") == "queue overflow"
