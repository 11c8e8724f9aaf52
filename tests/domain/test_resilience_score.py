"""The resilience score: proofs age, and a failure takes back what was proved before it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercises.domain.resilience_score import (
    FORGOTTEN_AFTER_DAYS,
    HALVES_AFTER_DAYS,
    Proof,
    score_of,
    weighted,
)

TODAY = date(2026, 11, 20)


def proof(
    days: int = 0, *, held: bool = True, production: bool = True, family: str = "instance-loss"
) -> Proof:
    return Proof(1, family, production, held, TODAY - timedelta(days=days))


def score(*proofs: Proof, families: tuple[str, ...] = ("instance-loss",)) -> float | None:
    return score_of(families, proofs, TODAY).percent


def test_what_held_in_production_today_is_worth_all() -> None:
    assert score(proof()) == 100


def test_it_halves_every_half_year_and_is_forgotten_in_the_end() -> None:
    assert score(proof(HALVES_AFTER_DAYS)) == 50
    assert score(proof(2 * HALVES_AFTER_DAYS)) == 25
    assert score(proof(FORGOTTEN_AFTER_DAYS + 1)) == 0


def test_outside_of_production_it_is_worth_half() -> None:
    assert score(proof(production=False)) == 50


def test_a_try_outside_of_production_takes_nothing_away() -> None:
    assert score(proof(30), proof(0, production=False)) == score(proof(30))


def test_what_did_not_hold_takes_back_what_was_proved_before() -> None:
    assert score(proof(30), proof(10, held=False)) == 0
    assert score(proof(30), proof(10, held=False), proof(0)) == 100


def test_trying_again_on_the_same_day_does_not_wash_a_failure_away() -> None:
    assert score(proof(0, held=False), proof(0)) == 0


def test_what_was_never_tried_counts_as_nothing() -> None:
    assert score(proof(), families=("instance-loss", "storage-loss")) == 50


def test_who_withstood_the_whole_withstood_its_parts_and_not_the_other_way() -> None:
    assert score(proof(family="az-power")) == 100
    assert score(proof(family="az-power", held=False), proof(30)) == score(proof(30))
    assert score(proof(), families=("az-power",)) == 0


def test_runs_after_the_day_asked_for_do_not_count() -> None:
    assert score_of(("instance-loss",), [proof()], TODAY - timedelta(days=1)).percent == 0


def test_without_a_failure_that_can_happen_there_is_no_score() -> None:
    assert score(families=()) is None
    assert weighted([(1, None)]) is None


def test_a_team_is_weighted_by_tier() -> None:
    assert weighted([(1, 100.0), (3, 0.0), (2, None)]) == 75


@given(
    st.lists(st.builds(proof, st.integers(0, 900), held=st.booleans(), production=st.booleans())),
    st.integers(1, 400),
)
def test_without_a_retest_a_score_never_rises(proofs: list[Proof], days: int) -> None:
    now, later = (
        score_of(("instance-loss",), proofs, day).percent
        for day in (TODAY, TODAY + timedelta(days=days))
    )
    assert now is not None
    assert later == pytest.approx(min(now, later or 0))
    assert 0 <= now <= 100
