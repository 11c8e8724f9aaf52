"""The gate of a pipeline: fresh, stale or failed, by the rule alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercises.domain.delivery_gate import Gate, GateStatus, Proof, gate_of, read_age
from exercises.domain.errors import Invalid

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
FAMILIES = ("az-power", "instance-loss", "network-loss")


def proof(family: str, *, days: float = 1, held: bool = True) -> Proof:
    return Proof(family, held, NOW - timedelta(days=days), f"{family}-{days}-{held}")


def gate(*proofs: Proof, families: tuple[str, ...] = FAMILIES, days: int = 30) -> Gate:
    return gate_of(families, proofs, max_age=timedelta(days=days), now=NOW)


def test_what_held_lately_is_fresh_until_it_is_too_old() -> None:
    found = gate(proof("instance-loss", days=10))
    assert found.status is GateStatus.FRESH
    assert found.fresh_until == NOW + timedelta(days=20)
    assert "instance loss" in found.because
    assert found.would_be_fresh == ""


def test_at_the_very_end_of_its_age_it_is_stale() -> None:
    found = gate(proof("instance-loss", days=30))
    assert found.status is GateStatus.STALE
    assert found.fresh_until == NOW
    assert "longer ago" in found.because
    assert "instance loss" in found.would_be_fresh


def test_nothing_tried_is_stale_and_says_what_to_try() -> None:
    found = gate()
    assert (found.status, found.proof) == (GateStatus.STALE, None)
    assert "power loss of a zone or instance loss" in found.would_be_fresh


def test_an_application_that_nothing_can_happen_to_is_stale() -> None:
    found = gate(families=())
    assert found.status is GateStatus.STALE
    assert "template" in found.would_be_fresh


def test_a_failure_is_not_made_good_by_time_nor_by_another_failure_that_held() -> None:
    found = gate(proof("network-loss", days=400, held=False), proof("instance-loss"))
    assert found.status is GateStatus.FAILED
    assert found.fresh_until is None
    assert found.would_be_fresh == "It takes a run of network loss that holds."
    assert [one.status for one in found.families][1] is GateStatus.FRESH


def test_a_later_run_that_holds_makes_it_good() -> None:
    found = gate(proof("instance-loss", days=9, held=False), proof("instance-loss", days=8))
    assert found.status is GateStatus.FRESH


def test_of_two_at_the_same_instant_the_one_that_fell_counts() -> None:
    found = gate(proof("instance-loss", held=False), proof("instance-loss"))
    assert found.status is GateStatus.FAILED


def test_who_withstood_the_whole_withstood_its_part_and_a_fallen_whole_says_nothing_of_it() -> None:
    part = ("instance-loss",)
    assert gate(proof("az-power"), families=part).status is GateStatus.FRESH
    assert gate(proof("az-power", held=False), families=part).status is GateStatus.STALE
    made_good = gate(
        proof("instance-loss", days=5, held=False), proof("az-power", days=2), families=part
    )
    assert made_good.status is GateStatus.FRESH


@given(
    st.lists(
        st.builds(
            proof,
            st.sampled_from(FAMILIES),
            days=st.integers(0, 400),
            held=st.booleans(),
        ),
        max_size=12,
    ),
    st.integers(1, 366),
)
def test_fresh_only_with_a_young_proof_and_nothing_fallen_since(
    proofs: list[Proof], days: int
) -> None:
    found = gate(*proofs, days=days)
    if found.status is GateStatus.FRESH:
        assert found.proof in proofs
        assert found.proof is not None
        assert found.proof.at > NOW - timedelta(days=days)
        assert all(one.status is not GateStatus.FAILED for one in found.families)
    assert found == gate(*reversed(proofs), days=days)


@pytest.mark.parametrize(("typed", "hours"), [("1h", 1), ("366d", 8784), ("30d", 720)])
def test_an_age_is_hours_or_days(typed: str, hours: int) -> None:
    assert read_age(typed) == timedelta(hours=hours)


@pytest.mark.parametrize("typed", ["", "0d", "367d", "30", "d", "1w", "-1d", "1.5d", "٥d", "9999h"])
def test_any_other_age_is_refused_with_its_limits(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_age(typed)
    assert refused.value.problems == (("max_age", "from 1h to 366d, as in 12h or 30d"),)
