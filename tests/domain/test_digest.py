"""Same meaning, same digest; any change, another one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from exercises.domain.digest import Change, changes, plan_digest, plan_document
from exercises.domain.plans import Plan

START = datetime(2026, 11, 11, 8, 30, tzinfo=UTC)
PLAN = Plan(
    engine="fis",
    definition={"actions": {"Stop": {"parameters": {"duration": "PT5M"}}}, "targets": {}},
    account_id="111111111111",
    region="eu-central-1",
    window_starts_at=START,
    window_ends_at=START + timedelta(hours=2),
    slot_offset_s=60,
    target_cap=3,
    hypothesis="If one broker stops, then messages arrive.",
    steady_state=[{"key": "delivered", "low": 99.5}],
)


def test_order_of_keys_and_zone_of_times_mean_nothing() -> None:
    same = replace(
        PLAN,
        definition=dict(reversed(list(PLAN.definition.items()))),
        window_starts_at=START.astimezone(timezone(timedelta(hours=1))),
        steady_state=[{"low": 99.5, "key": "delivered"}],
    )
    assert plan_digest(same) == plan_digest(PLAN)


@pytest.mark.parametrize(
    "change",
    [
        {"engine": "other"},
        {"definition": {"actions": {"Stop": {"parameters": {"duration": "PT6M"}}}, "targets": {}}},
        {"account_id": "222222222222"},
        {"region": "eu-west-1"},
        {"window_starts_at": START + timedelta(seconds=1)},
        {"window_ends_at": START + timedelta(hours=3)},
        {"slot_offset_s": 61},
        {"target_cap": 4},
        {"hypothesis": "Another one."},
        {"steady_state": [{"key": "delivered", "low": 99.4}]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_any_change_is_another_digest(change: dict[str, object]) -> None:
    assert plan_digest(replace(PLAN, **change)) != plan_digest(PLAN)  # type: ignore[arg-type]


def test_every_field_of_a_plan_is_in_its_document() -> None:
    text = repr(plan_document(PLAN))
    assert all(
        str(getattr(PLAN, name)) in text
        for name in ("engine", "account_id", "region", "slot_offset_s", "target_cap", "hypothesis")
    )


def test_changes_name_each_leaf() -> None:
    before = {"a": {"b": 1, "c": [1, 2]}, "gone": "x"}
    after = {"a": {"b": 2, "c": [1, 3]}, "new": {}}
    assert changes(before, after) == [
        Change("a.b", 1, 2),
        Change("a.c[1]", 2, 3),
        Change("gone", "x", None),
        Change("new", None, {}),
    ]
