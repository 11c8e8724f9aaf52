"""Whose word counts, on what, and until when (invariant 2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercises.domain.approvals import (
    DecisionFacts,
    DecisionVerdict,
    evaluate,
)
from exercises.domain.capacities import Capacity
from exercises.domain.policy_document import default_rules, parse

NOW = datetime(2026, 11, 11, 9, tzinfo=UTC)
BUILT_IN = parse(default_rules(), number=1)
ALL = BUILT_IN.row_for(environment="production", rung=3, tier=1).required()


def approval(user_id: int, capacity: Capacity, **changes: object) -> DecisionFacts:
    facts = DecisionFacts(
        user_id=user_id,
        user_name=f"Person {user_id}",
        capacity=capacity,
        verdict=DecisionVerdict.APPROVE,
        digest="now",
        decided_at=NOW - timedelta(hours=1),
        valid_until=NOW + timedelta(days=1),
        holds_capacity_now=True,
    )
    return replace(facts, **changes)  # type: ignore[arg-type]


COMPLETE = [approval(n, capacity) for n, capacity in enumerate(ALL, start=1)]


def status(decisions: list[DecisionFacts], *, excluded: frozenset[int] = frozenset()) -> set[str]:
    found = evaluate(ALL, decisions, digest="now", excluded=excluded, now=NOW)
    return {refusal.rule for refusal in found.refusals}


def test_three_people_in_three_capacities_complete_it() -> None:
    assert status(COMPLETE) == set()


@pytest.mark.parametrize("index", range(3))
@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"digest": "before"}, "approval.missing"),
        ({"valid_until": NOW}, "approval.lapsed"),
        ({"decided_at": NOW + timedelta(seconds=1)}, "approval.missing"),
        ({"holds_capacity_now": False}, "approval.missing"),
        ({"verdict": DecisionVerdict.DECLINE}, "approval.declined"),
        ({"verdict": DecisionVerdict.REQUEST_CHANGES}, "approval.changes_requested"),
    ],
)
def test_one_approval_that_does_not_count_opens_the_gate_to_nobody(
    index: int, change: dict[str, object], rule: str
) -> None:
    decisions = list(COMPLETE)
    decisions[index] = replace(decisions[index], **change)  # type: ignore[arg-type]
    assert rule in status(decisions)


def test_the_word_of_an_author_does_not_count() -> None:
    assert status(COMPLETE, excluded=frozenset({2})) == {"approval.missing"}


def test_one_person_fills_one_capacity_only() -> None:
    decisions = [approval(1, capacity) for capacity in ALL]
    assert status(decisions) == {"approval.missing"}


def test_people_are_shared_out_so_that_most_capacities_are_filled() -> None:
    owner, lead, safety = ALL
    decisions = [approval(1, owner), approval(1, lead), approval(2, owner), approval(3, safety)]
    assert status(decisions) == set()


def test_the_last_word_of_a_person_counts() -> None:
    declined = approval(
        2,
        Capacity.PROGRAMME_LEAD,
        verdict=DecisionVerdict.DECLINE,
        decided_at=NOW - timedelta(minutes=5),
    )
    assert "approval.declined" in status([*COMPLETE, declined])
    again = replace(
        declined, verdict=DecisionVerdict.APPROVE, decided_at=NOW - timedelta(minutes=1)
    )
    assert status([*COMPLETE, declined, again]) == set()


@given(
    st.lists(
        st.builds(
            approval,
            user_id=st.integers(1, 4),
            capacity=st.sampled_from(list(Capacity)),
            digest=st.sampled_from(["now", "before"]),
            holds_capacity_now=st.booleans(),
            verdict=st.sampled_from(list(DecisionVerdict)),
            valid_until=st.sampled_from([NOW - timedelta(1), NOW + timedelta(1)]),
        ),
        max_size=8,
    ),
    st.frozensets(st.integers(1, 4)),
)
def test_complete_means_different_entitled_people_on_this_digest(
    decisions: list[DecisionFacts], excluded: frozenset[int]
) -> None:
    found = evaluate(ALL, decisions, digest="now", excluded=excluded, now=NOW)
    people = [decision.user_id for decision in found.granted]
    assert len(people) == len(set(people))
    assert excluded.isdisjoint(people)
    assert all(d.digest == "now" and d.holds_capacity_now for d in found.granted)
    if found.is_complete:
        assert {d.capacity for d in found.granted} == set(ALL)


@pytest.mark.parametrize(
    ("environment", "rung", "people"),
    [("production", 5, 3), ("production", 3, 3), ("production", 2, 2), ("pre-production", 5, 1)],
)
def test_the_wider_the_radius_in_production_the_more_people(
    environment: str, rung: int, people: int
) -> None:
    assert len(BUILT_IN.row_for(environment=environment, rung=rung, tier=2).required()) == people
