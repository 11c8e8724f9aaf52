"""Each rule of the start gate refuses on its own (invariants 2, 3 and 10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from exercises.domain.approvals import ApprovalStatus
from exercises.domain.errors import Refusal
from exercises.domain.freezes import FreezeFacts
from exercises.domain.gate import CapacityFacts, RunFacts, may_start
from exercises.domain.run_states import RunState
from exercises.domain.times import Window

NOW = datetime(2026, 11, 11, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
RUN = RunFacts(
    is_rehearsal=False,
    state=RunState.SCHEDULED,
    stop_requested=False,
    due_at=NOW,
    exercise_phase="live",
    exercise_kind="itee",
    window=Window(NOW - HOUR, NOW + HOUR),
    planned_wall_s=1800,
    environment="production",
    account_ids=("111111111111", "222222222222"),
    team_id=7,
    target_count=3,
    target_cap=3,
    is_current_content=True,
)
APPROVED = ApprovalStatus((), (), ())
UNAPPROVED = ApprovalStatus((), (), (Refusal("approval.missing", "missing", "approve"),))
FREE = CapacityFacts(open_in_account_region=0, limit_per_account_region=5, open_for_application=0)
FREEZE = FreezeFacts(1, "Launch", Window(NOW, NOW + HOUR), frozenset(), frozenset(), frozenset())


def rules(
    run: RunFacts = RUN,
    approval: ApprovalStatus = APPROVED,
    freezes: tuple[FreezeFacts, ...] = (),
    capacity: CapacityFacts = FREE,
) -> set[str]:
    found = may_start(run, approval, freezes, capacity, now=NOW, grace_s=300)
    return {refusal.rule for refusal in found}


def test_a_ready_run_may_start() -> None:
    assert rules() == set()


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"state": RunState.STARTING}, "run.not_scheduled"),
        ({"state": RunState.CANCELLED}, "run.not_scheduled"),
        ({"stop_requested": True}, "stop.requested"),
        ({"due_at": NOW + timedelta(seconds=3)}, "run.not_due"),
        ({"due_at": NOW - timedelta(seconds=301)}, "run.missed"),
        ({"exercise_phase": "preflight"}, "exercise.not_live"),
        ({"exercise_phase": "debrief"}, "exercise.not_live"),
        ({"exercise_phase": "cancelled", "exercise_kind": "self_service"}, "exercise.not_live"),
        ({"window": Window(NOW - HOUR, NOW)}, "window.outside"),
        ({"window": Window(NOW + timedelta(seconds=1), NOW + HOUR)}, "window.outside"),
        ({"planned_wall_s": 3601}, "window.too_little_left"),
        ({"target_count": 0}, "targets.none"),
        ({"target_count": 4}, "targets.over_cap"),
        ({"is_current_content": False}, "approval.content_changed"),
        ({"unwatched": "Nobody looks."}, "account.unwatched"),
        ({"unsteady": "Health is at 503."}, "steady_state.outside"),
        ({"levers": ("Telemetry eu-central-1",)}, "stop.lever"),
        ({"accounts_changed": "One is not known any more."}, "account.changed"),
        ({"are_alarms_as_seen": False}, "alarms.changed"),
        ({"ladder": "It is on rung 1."}, "ladder.level"),
        ({"incidents": ("Checkout is down",)}, "incident.open"),
    ],
)
def test_each_rule_refuses_alone(change: dict[str, object], rule: str) -> None:
    assert rules(replace(RUN, **change)) == {rule}  # type: ignore[arg-type]


def test_no_start_without_approval() -> None:
    assert rules(approval=UNAPPROVED) == {"approval.missing"}


@pytest.mark.parametrize(
    ("change", "hits"),
    [
        ({}, True),
        ({"environments": frozenset({"production"})}, True),
        ({"environments": frozenset({"dev"})}, False),
        ({"account_ids": frozenset({"111111111111"}), "team_ids": frozenset({7})}, True),
        ({"account_ids": frozenset({"222222222222", "333333333333"})}, True),
        ({"account_ids": frozenset({"333333333333"})}, False),
        ({"team_ids": frozenset({8})}, False),
        ({"window": Window(NOW + timedelta(minutes=29), NOW + HOUR)}, True),
        ({"window": Window(NOW + timedelta(minutes=30), NOW + HOUR)}, False),
        ({"window": Window(NOW - HOUR, NOW)}, False),
    ],
)
def test_a_freeze_refuses_what_it_covers(change: dict[str, object], hits: bool) -> None:
    freeze = replace(FREEZE, **change)  # type: ignore[arg-type]
    assert rules(freezes=(freeze,)) == ({"freeze.active"} if hits else set())


def test_limits_of_concurrency_refuse() -> None:
    assert rules(capacity=replace(FREE, open_in_account_region=5)) == {"concurrency.account"}
    assert rules(capacity=replace(FREE, open_for_application=1)) == {"concurrency.application"}


def test_a_rehearsal_needs_no_approval_window_or_free_of_freeze() -> None:
    rehearsal = replace(
        RUN, is_rehearsal=True, exercise_phase="approve", window=Window(NOW - HOUR, NOW)
    )
    assert rules(rehearsal, approval=UNAPPROVED, freezes=(FREEZE,)) == set()


def test_a_rehearsal_is_refused_once_the_exercise_is_over() -> None:
    assert rules(replace(RUN, is_rehearsal=True, exercise_phase="closed")) == {"exercise.not_live"}


def test_a_self_service_run_needs_no_go() -> None:
    run = replace(RUN, exercise_kind="self_service", exercise_phase="preflight")
    assert rules(run) == set()


def test_every_rule_that_refuses_is_named_not_only_the_first() -> None:
    run = replace(RUN, stop_requested=True, target_count=9)
    assert rules(run, approval=UNAPPROVED) == {
        "stop.requested",
        "targets.over_cap",
        "approval.missing",
    }
