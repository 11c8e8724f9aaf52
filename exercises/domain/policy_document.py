"""The policy's document: the built-in one, and how any other is read with exact errors.

Each problem names its field and its limit; what reads without one is complete, so that every
experiment falls under some row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import time
from typing import TypeVar, cast

from exercises.domain.canonical_json import parse_strict
from exercises.domain.capacities import Capacity
from exercises.domain.errors import Invalid
from exercises.domain.policy import (
    ENVIRONMENTS,
    LONGEST_APPROVAL_DAYS,
    LONGEST_LEAD_TIME_H,
    LONGEST_MINUTES,
    LONGEST_REHEARSAL_AGE_H,
    MOST_OPEN_IN_A_PLACE,
    MOST_PEOPLE,
    MOST_ROWS,
    MOST_TARGETS,
    RUNGS,
    TIERS,
    PolicyRow,
    PolicyRules,
    Problem,
)
from exercises.domain.times import is_zone
from exercises.domain.working_hours import WEEKDAYS, WorkingHours

Choice = TypeVar("Choice", str, int)


def default_rules() -> dict[str, object]:
    """Version 1: the more a fault can reach in production, the more people must agree."""

    def row(environments: list[str], rungs: list[int], *people: Capacity) -> dict[str, object]:
        return {
            "environments": environments,
            "rungs": rungs,
            "tiers": list(TIERS),
            "approvals": {capacity.value: 1 for capacity in people},
            "max_minutes": LONGEST_MINUTES,
            "max_targets": MOST_TARGETS,
            "needs_alarm": environments == ["production"],
            "approval_days": 30,
        }

    owner, lead = Capacity.SERVICE_OWNER, Capacity.PROGRAMME_LEAD
    return {
        "rows": [
            row(["production"], [1, 2], owner, lead),
            row(["production"], [3, 4, 5], owner, lead, Capacity.SAFETY_OFFICER),
            row(["dev", "pre-production"], list(RUNGS), owner),
        ],
        "concurrency": {"per_place": MOST_OPEN_IN_A_PLACE},
    }


def parse(document: object, *, number: int = 0) -> PolicyRules:
    """Read a version's document. Raises Invalid with every field and its limit."""
    reader = _Reader()
    rules = reader.rules(document, number)
    if reader.problems:
        raise Invalid.of(reader.problems)
    gaps = _gaps(rules)
    if gaps:
        raise Invalid.of([("rows", f"no row fits {gap}") for gap in gaps[:10]])
    return rules


def document_of(text: str) -> dict[str, object]:
    """The JSON object in a text. Raises Invalid for anything else, and for what two readers
    could understand differently."""
    found = parse_strict(text, field="rules", max_bytes=100_000)
    if not isinstance(found, dict):
        raise Invalid("rules", "a JSON object with “rows” and “concurrency”")
    return cast(dict[str, object], found)


def _gaps(rules: PolicyRules) -> list[str]:
    return [
        f"{environment}, rung {rung}, tier {tier}"
        for environment in ENVIRONMENTS
        for rung in RUNGS
        for tier in TIERS
        if not any(row.fits(environment, rung, tier) for row in rules.rows)
    ]


@dataclass
class _Reader:
    """Reads a document and gathers what is wrong with it."""

    problems: list[Problem] = field(default_factory=list)

    def rules(self, document: object, number: int) -> PolicyRules:
        found = self.table(document, "rules", {"rows", "concurrency"})
        rows = found.get("rows")
        if not isinstance(rows, list) or not 1 <= len(rows) <= MOST_ROWS:
            self.problems.append(("rows", f"a list of 1 to {MOST_ROWS} rows"))
            rows = []
        crowd = self.table(found.get("concurrency"), "concurrency", {"per_place"})
        per_place = crowd.get("per_place")
        return PolicyRules(
            tuple(self.row(row, f"rows.{index}") for index, row in enumerate(rows, 1)),
            self.number(per_place, "concurrency.per_place", 1, MOST_OPEN_IN_A_PLACE),
            number,
        )

    def row(self, value: object, where: str) -> PolicyRow:
        names = {
            "environments", "rungs", "tiers", "approvals", "policy_alone", "lead_time_h", "hours",
            "max_minutes", "max_targets", "needs_alarm", "rehearsal_age_h", "approval_days",
        }  # fmt: skip
        row = self.table(value, where, names)
        environments = self.choice(row.get("environments"), f"{where}.environments", ENVIRONMENTS)
        alone = self.yes(row.get("policy_alone", False), f"{where}.policy_alone")
        if alone and "production" in environments:
            self.problems.append(
                (f"{where}.policy_alone", "outside production only: production takes people")
            )
        age, hours = row.get("rehearsal_age_h"), row.get("hours")
        return PolicyRow(
            environments=environments,
            rungs=self.choice(row.get("rungs"), f"{where}.rungs", RUNGS),
            tiers=self.choice(row.get("tiers"), f"{where}.tiers", TIERS),
            approvals=self.approvals(row.get("approvals"), f"{where}.approvals"),
            policy_alone=alone,
            lead_time_h=self.number(
                row.get("lead_time_h", 0), f"{where}.lead_time_h", 0, LONGEST_LEAD_TIME_H
            ),
            hours=None if hours is None else self.hours(hours, f"{where}.hours"),
            max_minutes=self.number(
                row.get("max_minutes"), f"{where}.max_minutes", 1, LONGEST_MINUTES
            ),
            max_targets=self.number(
                row.get("max_targets"), f"{where}.max_targets", 1, MOST_TARGETS
            ),
            needs_alarm=self.yes(row.get("needs_alarm", False), f"{where}.needs_alarm"),
            rehearsal_age_h=None
            if age is None
            else self.number(age, f"{where}.rehearsal_age_h", 1, LONGEST_REHEARSAL_AGE_H),
            approval_days=self.number(
                row.get("approval_days"), f"{where}.approval_days", 1, LONGEST_APPROVAL_DAYS
            ),
        )

    def approvals(self, value: object, where: str) -> dict[Capacity, int]:
        """At least one person, whatever the row: only `policy_alone` goes without."""
        found = self.table(value, where, {c.value for c in Capacity})
        counts = {
            Capacity(name): self.number(count, f"{where}.{name}", 0, MOST_PEOPLE)
            for name, count in found.items()
            if name in set(Capacity)
        }
        if not any(counts.values()):
            self.problems.append((where, "at least one person approves"))
        return counts

    def hours(self, value: object, where: str) -> WorkingHours | None:
        found = self.table(value, where, {"zone", "days", "from", "until"})
        zone = found.get("zone")
        if not is_zone(zone):
            self.problems.append((f"{where}.zone", "an IANA name such as Europe/Berlin"))
        days = self.choice(found.get("days"), f"{where}.days", WEEKDAYS)
        opens = self.clock(found.get("from"), f"{where}.from")
        closes = self.clock(found.get("until"), f"{where}.until")
        if opens and closes and closes <= opens:
            self.problems.append((f"{where}.until", "later than “from”"))
        if opens is None or closes is None:
            return None
        ordered = tuple(day for day in WEEKDAYS if day in days)
        return WorkingHours(str(zone), ordered, opens, closes)

    def clock(self, value: object, where: str) -> time | None:
        """By the clock of the hours' zone: a time with an offset of its own is none."""
        with suppress(ValueError):
            found = time.fromisoformat(str(value))
            if found.tzinfo is None:
                return found
        self.problems.append((where, "a time such as 09:00"))
        return None

    def table(self, value: object, where: str, names: set[str]) -> Mapping[str, object]:
        if not isinstance(value, Mapping):
            self.problems.append((where, f"an object with {', '.join(sorted(names))}"))
            return {}
        for name in value.keys() - names:
            self.problems.append((f"{where}.{name}", "no such rule"))
        return value

    def choice(self, value: object, where: str, among: Sequence[Choice]) -> frozenset[Choice]:
        kind = type(among[0])  # true is no rung, though Python takes it for 1
        if (
            not isinstance(value, list)
            or not value
            or any(type(v) is not kind or v not in among for v in value)
        ):
            self.problems.append((where, f"one or more of {', '.join(map(str, among))}"))
            return frozenset()
        return frozenset(value)

    def number(self, value: object, where: str, least: int, most: int) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            self.problems.append((where, f"a whole number from {least} to {most}"))
            return least
        return value

    def yes(self, value: object, where: str) -> bool:
        if not isinstance(value, bool):
            self.problems.append((where, "true or false"))
            return False
        return value
