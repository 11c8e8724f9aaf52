"""What is in the way of what, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from exercises.domain.conflicts import (
    Clash,
    Kind,
    Level,
    Slot,
    conflicts_among,
    conflicts_with,
    in_the_way,
)
from exercises.domain.dependencies import all_behind, circle
from exercises.domain.times import Window

NINE = datetime(2026, 11, 18, 9, tzinfo=UTC)


def slot(number: int, *, minute: int = 0, minutes: int = 30, **changes: object) -> Slot:
    starts_at = NINE + timedelta(minutes=minute)
    made = Slot(
        id=number, code=f"EXP-{number}", label=f"EXP-{number} Stop one",
        application_id=number, application=f"App {number}",
        span=Window(starts_at, starts_at + timedelta(minutes=minutes)),
        account_ids=(str(number),), region="eu-central-1",
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def kinds(clashes: list[Clash]) -> list[tuple[Kind, Level]]:
    return [(clash.kind, clash.level) for clash in clashes]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({}, {}, []),
        ({"application_id": 7}, {"application_id": 7}, [(Kind.APPLICATION, Level.BLOCK)]),
        ({"depends_on": frozenset({2})}, {}, [(Kind.DEPENDENCY, Level.WARN)]),
        ({}, {"depends_on": frozenset({1})}, [(Kind.DEPENDENCY, Level.WARN)]),
        (
            {"depends_on": frozenset({9})},
            {"depends_on": frozenset({9})},
            [(Kind.DEPENDENCY, Level.NOTE)],
        ),
        ({"on_call_key": "person 1"}, {"on_call_key": "person 1"}, [(Kind.ON_CALL, Level.WARN)]),
        ({"on_call_key": ""}, {"on_call_key": ""}, []),
        (
            {"zones": frozenset({"euc1-az1"})},
            {"zones": frozenset({"euc1-az1"})},
            [(Kind.ZONE, Level.WARN)],
        ),
        (
            {"zones": frozenset({"euc1-az1"}), "is_planned_zone": True},
            {"zones": frozenset({"euc1-az1"}), "is_planned_zone": True},
            [(Kind.ZONE, Level.NOTE)],
        ),
        ({"account_ids": ("7",)}, {"account_ids": ("7",)}, [(Kind.ACCOUNT, Level.NOTE)]),
        ({"account_ids": ("1", "7")}, {"account_ids": ("2", "7")}, [(Kind.ACCOUNT, Level.NOTE)]),
        ({"account_ids": ("7",)}, {"account_ids": ("7",), "region": "us-east-1"}, []),
    ],
)
def test_two_slots_at_once_say_what_they_share(
    first: dict[str, object], second: dict[str, object], expected: list[tuple[Kind, Level]]
) -> None:
    a, b = slot(1, **first), slot(2, **second)  # type: ignore[arg-type]
    assert kinds(conflicts_among([a, b])) == expected
    assert kinds(conflicts_with(a, [b])) == expected
    assert in_the_way(a, b) == any(level is not Level.NOTE for _, level in expected)


def test_slots_that_follow_each_other_are_not_in_each_others_way() -> None:
    a, b = slot(1), slot(2, minute=30, application_id=1)
    assert conflicts_among([a, b]) == []
    assert len(conflicts_among([a, replace(b, span=slot(1, minute=29).span)])) == 1


def test_one_more_than_aws_lets_run_is_a_conflict_of_all_of_them() -> None:
    five = [slot(n, minute=n, account_ids=("7",)) for n in range(1, 6)]
    assert Kind.LIMIT not in {clash.kind for clash in conflicts_among(five)}
    sixth = slot(6, minute=10, account_ids=("7",))
    clash = conflicts_among([*five, sixth])[0]
    assert (clash.kind, clash.level) == (Kind.LIMIT, Level.BLOCK)
    assert [s.id for s in clash.slots] == [1, 2, 3, 4, 5, 6]
    late = slot(7, minute=31, account_ids=("7",))
    assert Kind.LIMIT not in {clash.kind for clash in conflicts_with(late, five)}


def test_the_most_serious_comes_first() -> None:
    clashes = conflicts_among(
        [slot(1, account_ids=("7",)), slot(2, account_ids=("7",)), slot(3, application_id=1)]
    )
    assert [clash.level for clash in clashes] == [Level.BLOCK, Level.NOTE]
    assert all(clash.because and clash.lifted_by for clash in clashes)


EDGES = {1: frozenset({2}), 2: frozenset({3, 4}), 4: frozenset({5})}


def test_behind_an_application_is_everything_it_needs() -> None:
    assert all_behind(EDGES, 1) == {2, 3, 4, 5}
    assert all_behind(EDGES, 5) == frozenset()
    assert all_behind({1: frozenset({2}), 2: frozenset({1})}, 1) == {1, 2}


@pytest.mark.parametrize(
    ("start", "depends_on", "way"),
    [
        (1, {2}, ()),
        (1, {1}, (1, 1)),
        (5, {1}, (5, 1, 2, 4, 5)),
        (5, {4, 1}, (5, 4, 5)),
        (3, {5}, ()),
    ],
)
def test_a_circle_is_shown_as_the_shortest_way_back(
    start: int, depends_on: set[int], way: tuple[int, ...]
) -> None:
    assert circle(EDGES, start, depends_on) == way
