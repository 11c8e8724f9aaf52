"""The policy: what an experiment needs, by environment, rung of the ladder and tier.

Kept as versions of one JSON document (models.policy), which domain.policy_document reads.
`PolicyRules.row_for` answers for one experiment; the gate, the approvals and the policy page
ask here. Rows are read from the top, the first that fits counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from typing import Final

from exercises.domain.blast_radius import Rung
from exercises.domain.capacities import Capacity, label
from exercises.domain.concurrency import OPEN_RUNS_PER_ACCOUNT_REGION
from exercises.domain.errors import Refusal
from exercises.domain.times import Window
from exercises.domain.working_hours import WorkingHours

ENVIRONMENTS: Final = ("dev", "pre-production", "production")
RUNGS: Final = tuple(rung.value for rung in Rung)
TIERS: Final = (1, 2, 3, 4)
LONGEST_APPROVAL_DAYS: Final = 90
MOST_ROWS: Final = 60
MOST_PEOPLE: Final = 5
MOST_TARGETS: Final = 100
LONGEST_MINUTES: Final = 720
LONGEST_LEAD_TIME_H: Final = 24 * 30
LONGEST_REHEARSAL_AGE_H: Final = 24 * 90
MOST_OPEN_IN_A_PLACE: Final = OPEN_RUNS_PER_ACCOUNT_REGION

Problem = tuple[str, str]


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """What is asked of an experiment that this row fits.

    `approvals` is how many different people in each capacity. `policy_alone` lets
    self-service outside production go without any of them.
    """

    environments: frozenset[str]
    rungs: frozenset[int]
    tiers: frozenset[int]
    approvals: Mapping[Capacity, int]
    policy_alone: bool
    lead_time_h: int
    hours: WorkingHours | None
    max_minutes: int
    max_targets: int
    needs_alarm: bool
    rehearsal_age_h: int | None
    approval_days: int

    def fits(self, environment: str, rung: int, tier: int) -> bool:
        return environment in self.environments and rung in self.rungs and tier in self.tiers

    def required(
        self, *, is_self_service: bool = False, has_dependents: bool = True
    ) -> tuple[Capacity, ...]:
        """The capacities to fill, each as often as people are needed in it.

        Owners of what depends on it are asked where another team's application does.
        """
        if self.policy_alone and is_self_service:
            return ()
        asked = [c for c in Capacity if has_dependents or c is not Capacity.DEPENDENT_OWNER]
        return tuple(c for c in asked for _ in range(self.approvals.get(c, 0)))


@dataclass(frozen=True, slots=True)
class PolicyRules:
    """One version's rules. `number` 0 is a draft that is no version yet."""

    rows: tuple[PolicyRow, ...]
    open_per_place: int
    number: int = 0

    def row_for(self, *, environment: str, rung: int, tier: int) -> PolicyRow:
        """The first row that fits; every combination has one, or its document was refused."""
        within = min(max(tier, TIERS[0]), TIERS[-1])
        return next(row for row in self.rows if row.fits(environment, rung, within))


@dataclass(frozen=True, slots=True)
class Asked:
    """One experiment's slot, as its row judges it."""

    starts_at: datetime
    ends_at: datetime
    minutes: float
    target_cap: int
    has_alarm: bool
    approved_at: datetime | None
    rehearsed_at: datetime | None


def row_refusals(row: PolicyRow, asked: Asked) -> tuple[Refusal, ...]:
    """Every limit of the row that this slot breaks, in words."""
    found: list[tuple[str, str, str]] = []
    if asked.minutes > row.max_minutes:
        found.append(
            (
                "duration",
                f"It takes {asked.minutes:g} minutes, the policy allows {row.max_minutes}.",
                "Shorten it.",
            )
        )
    if asked.target_cap > row.max_targets:
        found.append(
            (
                "targets",
                f"It may hit {asked.target_cap} resources, the policy allows {row.max_targets}.",
                "Lower its limit of resources.",
            )
        )
    if row.needs_alarm and not asked.has_alarm:
        found.append(("alarm", "The policy asks for an alarm that stops it.", "Name an alarm."))
    if row.hours is not None and not row.hours.hold(Window(asked.starts_at, asked.ends_at)):
        found.append(
            (
                "hours",
                f"The policy allows {row.hours.words} only.",
                "Choose a slot in these hours.",
            )
        )
    found += _ages(row, asked)
    return tuple(Refusal(f"policy.{rule}", because, lifted) for rule, because, lifted in found)


def _ages(row: PolicyRow, asked: Asked) -> list[tuple[str, str, str]]:
    found = []
    if row.lead_time_h and (
        asked.approved_at is None
        or asked.starts_at - asked.approved_at < timedelta(hours=row.lead_time_h)
    ):
        found.append(
            (
                "lead_time",
                f"The policy asks for {row.lead_time_h} hours between approval and start.",
                "Choose a later slot, or have it approved earlier.",
            )
        )
    if row.rehearsal_age_h is not None and (
        asked.rehearsed_at is None
        or asked.starts_at - asked.rehearsed_at > timedelta(hours=row.rehearsal_age_h)
    ):
        found.append(
            (
                "rehearsal",
                f"The policy asks for a rehearsal in the {row.rehearsal_age_h} hours before.",
                "Run the rehearsal again.",
            )
        )
    return found


def unsatisfiable(
    rules: PolicyRules,
    holders: Mapping[Capacity, frozenset[int]],
    owners: Mapping[str, frozenset[int]],
    writers: Mapping[str, frozenset[int]],
) -> list[Problem]:
    """Rows that nobody could satisfy with the people there are, and who is missing.

    `holders` are the people of each capacity that the organisation gives; `owners` and
    `writers` (who can propose) those of each team with applications. One person fills one
    place; who proposes fills none.
    """
    problems = []
    for index, row in enumerate(rules.rows, 1):
        lacking = (
            _lacking(row.approvals, holders)
            or _lacking_whoever_proposes(row.approvals, holders, writers)
            or _teams_lacking(row.approvals.get(Capacity.SERVICE_OWNER, 0), owners, writers)
        )
        if lacking:
            problems.append((f"rows.{index}.approvals", lacking))
    return problems


def _lacking(asked: Mapping[Capacity, int], holders: Mapping[Capacity, frozenset[int]]) -> str:
    """Hall's condition: any capacities together have at least as many people as places."""
    wanted = [c for c, count in asked.items() if count and c in holders]
    for size in range(1, len(wanted) + 1):
        for some in combinations(wanted, size):
            places = sum(asked[c] for c in some)
            there = len(frozenset[int]().union(*(holders[c] for c in some)))
            if there < places:
                names = " and ".join(label(c).lower() for c in some)
                return f"needs {places} different people as {names}; there are {there}"
    return ""


def _lacking_whoever_proposes(
    asked: Mapping[Capacity, int],
    holders: Mapping[Capacity, frozenset[int]],
    writers: Mapping[str, frozenset[int]],
) -> str:
    """Said when everybody who could propose is needed to approve."""
    lacking = ""
    for person in frozenset[int]().union(*writers.values()):
        without = {capacity: people - {person} for capacity, people in holders.items()}
        lacking = _lacking(asked, without)
        if not lacking:
            return ""
    return f"{lacking} besides whoever proposes" if lacking else ""


def _teams_lacking(
    count: int, owners: Mapping[str, frozenset[int]], writers: Mapping[str, frozenset[int]]
) -> str:
    """One owner is each team's own matter; asking for more than a team has stops it for good.
    Where only owners can propose, one of them does."""
    short = sorted(
        team
        for team, people in owners.items()
        if len(people) - (writers.get(team, people) <= people) < count
    )
    if count < 2 or not short:
        return ""
    return f"needs {count} owners of the service; fewer in {', '.join(short[:3])}" + (
        f" and {len(short) - 3} more teams" if len(short) > 3 else ""
    )
