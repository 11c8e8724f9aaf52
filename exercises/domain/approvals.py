"""Which approvals a plan needs, and whether the decisions on it give them.

A pure rule over the facts of decisions: `queries.approvals` gathers them, the start gate
and every page ask the same question here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from exercises.domain.capacities import Capacity, label
from exercises.domain.errors import Refusal

LONGEST_APPROVAL: Final = timedelta(days=90)
"""No approval counts longer, whatever was written into it."""
ROLE_SETTLES_AFTER: Final = timedelta(hours=24)
"""A role decides only so long after it was given: nobody is let in to approve and out again."""


def is_settled(granted_at: datetime | None, at: datetime) -> bool:
    """Whether a role that was given then decides at that moment."""
    return granted_at is None or granted_at + ROLE_SETTLES_AFTER <= at


class DecisionVerdict(StrEnum):
    APPROVE = "approve"
    REQUEST_CHANGES = "request_changes"
    DECLINE = "decline"


@dataclass(frozen=True, slots=True)
class DecisionFacts:
    """A decision as it counts now. `holds_capacity_now` is read at the moment of asking."""

    user_id: int
    user_name: str
    capacity: Capacity
    verdict: DecisionVerdict
    digest: str
    decided_at: datetime
    valid_until: datetime
    holds_capacity_now: bool


@dataclass(frozen=True, slots=True)
class ApprovalStatus:
    """What is granted and by whom, what is missing, and every rule that refuses."""

    granted: tuple[DecisionFacts, ...]
    missing: tuple[Capacity, ...]
    refusals: tuple[Refusal, ...]
    required: tuple[Capacity, ...] = ()
    policy: int = 0
    """The number of the policy version that asks for these."""

    @property
    def is_by_policy_alone(self) -> bool:
        return not self.required

    @property
    def is_complete(self) -> bool:
        return not self.refusals


def evaluate(
    required: Sequence[Capacity],
    decisions: Iterable[DecisionFacts],
    *,
    digest: str,
    excluded: frozenset[int],
    now: datetime,
    policy: int = 0,
) -> ApprovalStatus:
    """Judge the decisions on exactly this content.

    `excluded` are the people whose word does not count because they wrote, proposed or
    scheduled it. One person fills one place, however many capacities they hold;
    a capacity that stands in `required` twice takes two people.
    """
    latest = _latest(d for d in decisions if d.digest == digest and d.user_id not in excluded)
    counted = [d for d in latest if d.holds_capacity_now]
    approvals = [d for d in counted if d.verdict is DecisionVerdict.APPROVE]
    valid = [d for d in approvals if d.decided_at <= now < d.valid_until]
    filled = _assign(required, valid)
    missing = tuple(c for place, c in enumerate(required) if place not in filled)
    lapsed = {d.capacity for d in approvals if now >= d.valid_until}
    refusals = [_objection(d) for d in counted if d.verdict is not DecisionVerdict.APPROVE]
    refusals += [_gap(capacity, lapsed=capacity in lapsed) for capacity in missing]
    granted = tuple(filled[place] for place in sorted(filled))
    return ApprovalStatus(granted, missing, tuple(refusals), tuple(required), policy)


def _latest(decisions: Iterable[DecisionFacts]) -> list[DecisionFacts]:
    """The last word of each person in each capacity."""
    last: dict[tuple[int, Capacity], DecisionFacts] = {}
    for decision in sorted(decisions, key=lambda d: d.decided_at):
        last[decision.user_id, decision.capacity] = decision
    return list(last.values())


def _assign(
    required: Sequence[Capacity], approvals: Sequence[DecisionFacts]
) -> dict[int, DecisionFacts]:
    """Fill as many places as possible with different people (augmenting paths)."""
    filled: dict[int, DecisionFacts] = {}

    def fill(place: int, tried: set[int]) -> bool:
        for decision in approvals:
            if decision.capacity is not required[place] or decision.user_id in tried:
                continue
            tried.add(decision.user_id)
            taken = next((p for p, d in filled.items() if d.user_id == decision.user_id), None)
            if taken is None or fill(taken, tried):
                if taken is not None and filled[taken].user_id == decision.user_id:
                    del filled[taken]
                filled[place] = decision
                return True
        return False

    for place in range(len(required)):
        fill(place, set())
    return filled


def _objection(decision: DecisionFacts) -> Refusal:
    who = f"{decision.user_name}, as {label(decision.capacity).lower()},"
    if decision.verdict is DecisionVerdict.DECLINE:
        return Refusal("approval.declined", f"{who} declined.", "Propose another content.")
    return Refusal(
        "approval.changes_requested", f"{who} asked for changes.", "Change it and send it again."
    )


def _gap(capacity: Capacity, *, lapsed: bool) -> Refusal:
    if lapsed:
        return Refusal(
            "approval.lapsed",
            f"The approval of the {label(capacity).lower()} has lapsed.",
            "Approve again.",
        )
    return Refusal(
        "approval.missing",
        f"The approval of the {label(capacity).lower()} is missing.",
        f"A {label(capacity).lower()} who did not write or propose it approves.",
    )
