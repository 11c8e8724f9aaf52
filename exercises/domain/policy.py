"""The policy: what an experiment needs, by environment, rung of the ladder and tier.

Kept as versions of one JSON document (models.policy). `parse` reads one with exact errors,
`PolicyRules.row_for` answers for one experiment; the gate, the approvals and the policy page
ask here. Rows are read from the top, the first that fits counts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from itertools import combinations
from typing import Final, TypeVar, cast
from zoneinfo import ZoneInfo, available_timezones

from exercises.domain.blast_radius import Rung
from exercises.domain.capacities import Capacity, label
from exercises.domain.concurrency import OPEN_RUNS_PER_ACCOUNT_REGION
from exercises.domain.errors import Invalid, Refusal

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
WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

Problem = tuple[str, str]
Choice = TypeVar("Choice", str, int)


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """When a run may take place: on these days, from and until these local times."""

    zone: str
    days: tuple[str, ...]
    opens: time
    closes: time

    def hold(self, starts_at: datetime, ends_at: datetime) -> bool:
        """Whether the whole span lies inside, on one local day."""
        zone = ZoneInfo(self.zone)
        first, last = starts_at.astimezone(zone), ends_at.astimezone(zone)
        return (
            first.date() == last.date()
            and WEEKDAYS[first.weekday()] in self.days
            and self.opens <= first.time()
            and last.time() <= self.closes
        )

    @property
    def words(self) -> str:
        return f"{', '.join(self.days)} {self.opens:%H:%M} to {self.closes:%H:%M}, {self.zone}"


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
        """The first row that fits; every combination has one, or `parse` would have refused."""
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
    if row.hours is not None and not row.hours.hold(asked.starts_at, asked.ends_at):
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


def parse_text(text: str) -> PolicyRules:
    """Read JSON as somebody typed it. Raises Invalid."""
    return parse(document_of(text))


def document_of(text: str) -> dict[str, object]:
    """The JSON object in a text. Raises Invalid for anything else, or one name twice."""

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        names = [name for name, _ in pairs]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise Invalid("rules", f"“{min(twice)}” stands there twice")
        return dict(pairs)

    if len(text) > 100_000:
        raise Invalid("rules", "at most 100,000 characters")
    try:
        found = json.loads(text, object_pairs_hook=once)
    except json.JSONDecodeError as error:
        raise Invalid("rules", f"line {error.lineno}: {error.msg}") from error
    except RecursionError as error:
        raise Invalid("rules", "nested too deep") from error
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
        if zone not in available_timezones():
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
        try:
            return time.fromisoformat(str(value))
        except ValueError:
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
        if not isinstance(value, list) or not value or any(v not in among for v in value):
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


def unsatisfiable(
    rules: PolicyRules,
    holders: Mapping[Capacity, frozenset[int]],
    owners: Mapping[str, frozenset[int]],
) -> list[Problem]:
    """Rows that nobody could satisfy with the people there are, and who is missing.

    `holders` are the people of each capacity that the organisation gives, `owners` those of
    each team with applications. One person fills one place; who proposes fills none.
    """
    problems = []
    for index, row in enumerate(rules.rows, 1):
        lacking = _lacking(row.approvals, holders) or _teams_lacking(
            row.approvals.get(Capacity.SERVICE_OWNER, 0), owners
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


def _teams_lacking(count: int, owners: Mapping[str, frozenset[int]]) -> str:
    """One owner is each team's own matter; asking for more than a team has stops it for good."""
    short = sorted(team for team, people in owners.items() if len(people) < count)
    if count < 2 or not short:
        return ""
    return f"needs {count} owners of the service; fewer in {', '.join(short[:3])}" + (
        f" and {len(short) - 3} more teams" if len(short) > 3 else ""
    )
