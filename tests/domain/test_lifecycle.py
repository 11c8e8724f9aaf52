"""The stage of the Resilience Lifecycle Framework follows from evidence alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from exercises.domain.lifecycle import LifecycleFacts, Stage, lifecycle_of

NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)
COMPLETE = LifecycleFacts(
    has_slo=True,
    rto_s=300,
    rpo_s=0,
    deployments=2,
    without_alarm=0,
    without_probes=0,
    has_runbook=True,
    has_dashboard=True,
    untested=(),
    last_production_run=NOW - timedelta(days=40),
    recovery_s=75,
    overdue_findings=0,
    undecided_since=None,
)


@pytest.mark.parametrize(
    ("change", "stage", "missing"),
    [
        ({"has_slo": False}, Stage.OBJECTIVES, "SLO"),
        ({"rto_s": None}, Stage.OBJECTIVES, "RTO"),
        ({"rpo_s": None}, Stage.OBJECTIVES, "RPO"),
        ({"deployments": 0}, Stage.DESIGN, "where it runs"),
        ({"without_alarm": 1}, Stage.DESIGN, "alarm"),
        ({"without_probes": 1}, Stage.DESIGN, "probes"),
        ({"has_runbook": False}, Stage.DESIGN, "runbook"),
        ({"untested": ("storage loss",)}, Stage.TEST, "storage loss"),
        ({"last_production_run": None}, Stage.OPERATE, "6 months"),
        ({"last_production_run": NOW - timedelta(days=184)}, Stage.OPERATE, "6 months"),
        ({"recovery_s": 301}, Stage.OPERATE, "within the objective"),
        ({"recovery_s": None}, Stage.OPERATE, "measured recovery"),
        ({"overdue_findings": 2}, Stage.LEARN, "2 overdue"),
        ({"undecided_since": NOW - timedelta(days=31)}, Stage.LEARN, "decision"),
    ],
)
def test_an_application_is_in_the_first_stage_that_lacks_something(
    change: dict[str, Any], stage: Stage, missing: str
) -> None:
    found = lifecycle_of(replace(COMPLETE, **change), now=NOW)
    assert found.stage is stage
    assert missing in " ".join(found.current.missing)
    assert not found.is_complete


def test_who_lacks_nothing_goes_on_learning() -> None:
    found = lifecycle_of(COMPLETE, now=NOW)
    assert found.is_complete
    assert found.stage is Stage.LEARN


def test_a_later_stage_does_not_hide_an_earlier_gap() -> None:
    found = lifecycle_of(replace(COMPLETE, has_slo=False, overdue_findings=1), now=NOW)
    assert found.stage is Stage.OBJECTIVES
    assert [line.is_complete for line in found.lines] == [False, True, True, True, False]
