"""What differs between two policies, as each experiment would meet it.

Not the documents line by line: rows may be split, merged or moved without changing anything
for anybody. Called by the policy's pages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from exercises.domain.capacities import Capacity, label
from exercises.domain.policy import ENVIRONMENTS, RUNGS, TIERS, PolicyRow, PolicyRules

Place = tuple[str, int, int]
"""An environment, a rung and a tier."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One rule that differs for these environments × rungs × tiers; none for everything."""

    rule: str
    before: str
    after: str
    environments: tuple[str, ...] = ()
    rungs: tuple[int, ...] = ()
    tiers: tuple[int, ...] = ()


def differences(before: PolicyRules, after: PolicyRules) -> list[Difference]:
    """Every rule that an experiment would meet otherwise, in the order of the table."""
    found: dict[tuple[str, str, str], list[Place]] = defaultdict(list)
    for environment in reversed(ENVIRONMENTS):
        for rung in RUNGS:
            for tier in TIERS:
                old, new = (
                    in_words(p.row_for(environment=environment, rung=rung, tier=tier))
                    for p in (before, after)
                )
                for rule in old:
                    if old[rule] != new[rule]:
                        found[rule, old[rule], new[rule]].append((environment, rung, tier))
    listed = [
        Difference(*change, *block) for change, places in found.items() for block in _blocks(places)
    ]
    if before.open_per_place != after.open_per_place:
        crowd = (str(before.open_per_place), str(after.open_per_place))
        listed.append(Difference("Experiments at once in an account and Region", *crowd))
    return listed


def in_words(row: PolicyRow) -> dict[str, str]:
    """Each rule of a row by its name, as people read it."""
    people = {label(c): _people(row.approvals.get(c, 0)) for c in Capacity}
    return people | {
        "Self-service by the policy alone": "yes" if row.policy_alone else "no",
        "Between approval and start": f"{row.lead_time_h} h" if row.lead_time_h else "any time",
        "Hours": row.hours.words if row.hours else "any",
        "Longest": f"{row.max_minutes} min",
        "Resources at most": str(row.max_targets),
        "Alarm that stops it": "needed" if row.needs_alarm else "not needed",
        "Rehearsal": f"in the {row.rehearsal_age_h} h before"
        if row.rehearsal_age_h
        else "at any time",
        "Approval holds": f"{row.approval_days} days",
    }


def _people(count: int) -> str:
    return {0: "nobody", 1: "1 person"}.get(count, f"{count} people")


def _blocks(
    places: Iterable[Place],
) -> list[tuple[tuple[str, ...], tuple[int, ...], tuple[int, ...]]]:
    """The same places as few products of environments, rungs and tiers."""
    tiers: dict[tuple[str, int], list[int]] = defaultdict(list)
    for environment, rung, tier in places:
        tiers[environment, rung].append(tier)
    rungs: dict[tuple[str, tuple[int, ...]], list[int]] = defaultdict(list)
    for (environment, rung), some in tiers.items():
        rungs[environment, tuple(some)].append(rung)
    environments: dict[tuple[tuple[int, ...], tuple[int, ...]], list[str]] = defaultdict(list)
    for (environment, some_tiers), some_rungs in rungs.items():
        environments[tuple(some_rungs), some_tiers].append(environment)
    return [(tuple(where), *key) for key, where in environments.items()]
