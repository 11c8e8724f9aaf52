"""Rules of going live: who is needed, what ages out, when a wave starts on paper."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from exercises.domain.going_live import GoFacts, held_after, is_code, refusals, takes_two
from exercises.domain.preflight_checks import CHECKS, ask_again_at, standing
from exercises.domain.times import Window
from exercises.domain.waves import planned_starts

START = datetime(2026, 12, 9, 8, 30, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(hours=3))
ALARMS, ROLE = CHECKS["alarms"], CHECKS["role.start"]


@pytest.mark.parametrize(
    ("environment", "rung", "two"),
    [
        ("production", 2, False),
        ("production", 3, True),
        ("production", 5, True),
        ("pre-production", 5, False),
    ],
)
def test_two_people_start_a_zone_of_production(environment: str, rung: int, two: bool) -> None:
    assert takes_two(environment=environment, rung=rung) is two


@pytest.mark.parametrize(
    ("facts", "rules"),
    [
        ((False, False, None, (), ()), []),
        ((True, True, None, (), ()), []),
        ((True, False, None, (), ()), ["go.two_people"]),
        ((False, False, 1, (), ()), ["wave.held"]),
        ((False, False, None, ("Charging",), ()), ["poll.no_go"]),
        ((False, False, None, (), ("Probes are fresh: too old",)), ["preflight.not_ready"]),
    ],
)
def test_each_rule_of_going_live_refuses_by_itself(
    facts: tuple[bool, bool, int | None, tuple[str, ...], tuple[str, ...]], rules: list[str]
) -> None:
    assert [refusal.rule for refusal in refusals(GoFacts(*facts))] == rules


@pytest.mark.parametrize("typed", ["ITEE-2026-11", " itee-2026-11\n"])
def test_a_code_may_be_pasted(typed: str) -> None:
    assert is_code(typed, "ITEE-2026-11")
    assert not is_code(typed + "x", "ITEE-2026-11")
    assert not is_code("", "ITEE-2026-11")


def test_a_good_answer_ages_out_and_a_bad_one_stays_bad() -> None:
    just, later = START + timedelta(minutes=59), START + timedelta(hours=1)
    assert standing(ALARMS, "ok", START, now=just) == "ok"
    assert standing(ALARMS, "ok", START, now=later) == "stale"
    assert standing(ALARMS, "fail", START, now=later) == "fail"
    assert standing(CHECKS["on_call"], "ok", START, now=later + timedelta(days=9)) == "ok"


@pytest.mark.parametrize(
    ("kind", "status", "before_start", "after_start"),
    [
        # checked so long before the window opens: asked again so long after it opens
        (ALARMS, "ok", timedelta(days=3), timedelta(minutes=-30)),
        (ALARMS, "ok", timedelta(minutes=10), timedelta(minutes=38)),
        (ALARMS, "fail", timedelta(minutes=10), None),
        (ROLE, "ok", timedelta(days=1), None),
        (ROLE, "ok", timedelta(days=12), timedelta(days=-3.5)),
        (ALARMS, "pending", timedelta(0), timedelta(seconds=2)),
        (ALARMS, "ok", -timedelta(hours=2, minutes=30), None),
        (ALARMS, "pending", -timedelta(hours=3), None),
    ],
)
def test_what_ages_out_before_it_is_needed_is_asked_again(
    kind: object, status: str, before_start: timedelta, after_start: timedelta | None
) -> None:
    again = ask_again_at(kind, status, window=WINDOW, now=START - before_start)  # type: ignore[arg-type]
    assert again == (None if after_start is None else START + after_start)


def test_a_wave_waits_for_the_first_hold_point_nobody_continued() -> None:
    points = [(1, True), (2, False), (4, False)]
    assert held_after(1, points) is None
    assert held_after(2, points) is None
    assert held_after(3, points) == 2
    assert held_after(9, points) == 2


def test_on_paper_a_wave_starts_when_the_one_before_it_has_ended() -> None:
    assert planned_starts([(1, 600), (1, 1800), (3, 300), (2, 900)]) == {1: 0, 2: 1800, 3: 2700}
    assert planned_starts([]) == {}
