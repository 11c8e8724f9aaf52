"""The stage of the Resilience Lifecycle Framework that an application is in, from evidence.

AWS Prescriptive Guidance, "Resilience lifecycle framework": set objectives, design and
implement, evaluate and test, operate, respond and learn. An application is in the first
stage whose evidence is not complete; nobody declares a stage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final

TESTED_WITHIN: Final = timedelta(days=365)
OPERATED_WITHIN: Final = timedelta(days=183)
DECIDE_WITHIN: Final = timedelta(days=30)


class Stage(IntEnum):
    OBJECTIVES = 1
    DESIGN = 2
    TEST = 3
    OPERATE = 4
    LEARN = 5

    @property
    def words(self) -> str:
        return _WORDS[self]


_WORDS: Final = {
    Stage.OBJECTIVES: "Set objectives",
    Stage.DESIGN: "Design and implement",
    Stage.TEST: "Evaluate and test",
    Stage.OPERATE: "Operate",
    Stage.LEARN: "Respond and learn",
}


@dataclass(frozen=True, slots=True)
class LifecycleFacts:
    """What is known of an application.

    `untested` are families of failures that can happen to it and that no run of the last
    year has judged; `recovery_s` is the longest time outside in its last judged run.
    """

    has_slo: bool
    rto_s: int | None
    rpo_s: int | None
    deployments: int
    without_alarm: int
    without_probes: int
    has_runbook: bool
    has_dashboard: bool
    untested: Sequence[str]
    last_production_run: datetime | None
    recovery_s: float | None
    overdue_findings: int
    undecided_since: datetime | None


@dataclass(frozen=True, slots=True)
class StageLine:
    """One stage: what is missing for it to be complete."""

    stage: Stage
    missing: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        return not self.missing


@dataclass(frozen=True, slots=True)
class Lifecycle:
    lines: tuple[StageLine, ...]

    @property
    def current(self) -> StageLine:
        """The first stage that is not complete; the last one when all are."""
        return next((line for line in self.lines if not line.is_complete), self.lines[-1])

    @property
    def stage(self) -> Stage:
        return self.current.stage

    @property
    def is_complete(self) -> bool:
        return all(line.is_complete for line in self.lines)


def lifecycle_of(facts: LifecycleFacts, *, now: datetime) -> Lifecycle:
    """Every stage with what it lacks."""
    missing = {
        Stage.OBJECTIVES: _objectives(facts),
        Stage.DESIGN: _design(facts),
        Stage.TEST: [f"try {words} (never in the last 12 months)" for words in facts.untested],
        Stage.OPERATE: _operate(facts, now),
        Stage.LEARN: _learn(facts, now),
    }
    return Lifecycle(tuple(StageLine(stage, tuple(missing[stage])) for stage in Stage))


def _objectives(facts: LifecycleFacts) -> list[str]:
    wanted = (
        (facts.has_slo, "an availability objective (SLO)"),
        (facts.rto_s is not None, "a time to be back (RTO)"),
        (facts.rpo_s is not None, "how much data may be lost (RPO)"),
    )
    return [words for there, words in wanted if not there]


def _design(facts: LifecycleFacts) -> list[str]:
    if not facts.deployments:
        return ["say where it runs"]
    wanted = (
        (not facts.without_alarm, "an alarm that stops a fault, in every deployment"),
        (
            not facts.without_probes,
            "two probes, one of them a business metric, in every deployment",
        ),
        (facts.has_runbook, "a runbook"),
        (facts.has_dashboard, "a dashboard"),
    )
    return [words for there, words in wanted if not there]


def _operate(facts: LifecycleFacts, now: datetime) -> list[str]:
    missing = []
    last = facts.last_production_run
    if last is None or last < now - OPERATED_WITHIN:
        missing.append("a run in production in the last 6 months")
    if facts.rto_s is not None and facts.recovery_s is not None:
        if facts.recovery_s > facts.rto_s:
            missing.append(
                f"recover within the objective: {facts.recovery_s / 60:.0f} min measured,"
                f" {facts.rto_s / 60:g} min allowed"
            )
    elif last is not None:
        missing.append("a measured recovery")
    return missing


def _learn(facts: LifecycleFacts, now: datetime) -> list[str]:
    missing = []
    if facts.overdue_findings:
        missing.append(f"{facts.overdue_findings} overdue findings verified")
    since = facts.undecided_since
    if since is not None and since < now - DECIDE_WITHIN:
        missing.append("a decision on findings drafted more than 30 days ago")
    return missing
