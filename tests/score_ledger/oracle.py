"""The standings worked out a second time, by other means and in exact fractions.

Slow on purpose: every figure is counted anew from the facts, step by step, and nothing is
taken from the product but the numbers of its rules.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

STEP_S = 20
SILENT_AFTER_S = 120
"""Two periods of the probes used here; the product waits as long, and 60 s at least."""
AVAILABILITY, DETECTION, RECOVERY = 60, 15, 15
MINUTES = {
    "critical": ((3, 10), (15, 30)),
    "high": ((5, 15), (30, 60)),
    "medium": ((10, 20), (45, 90)),
    "low": ((15, 30), (60, 120)),
}
Fact = dict[str, Any]


def is_outside(line: list[bool | None], at_s: int) -> bool:
    """Whether a probe counts as outside in the step that begins then."""
    if all(said is None for said in line):
        return True
    said_s = None
    for step, said in enumerate(line):
        if said is not None and step * STEP_S <= at_s:
            said_s = step * STEP_S
    if said_s is None:  # before its first word it counts as inside, as long as it may be silent
        return at_s >= SILENT_AFTER_S
    return not line[said_s // STEP_S] or at_s - said_s >= SILENT_AFTER_S


def of_run(run: Fact) -> Fact:
    lines = run["lines"].values()
    steps = len(next(iter(lines)))
    outside = [any(is_outside(line, n * STEP_S) for line in lines) for n in range(steps)]
    bad = [step for step in range(steps) if outside[step]]
    return {
        "inside": STEP_S * (steps - len(bad)),
        "window": STEP_S * steps,
        "disturbed": bool(bad),
        "detected": run["seen_s"],
        "recovered": None if bad and bad[-1] == steps - 1 else STEP_S * (bad[-1] + 1) if bad else 0,
    }


def of_round(truth: Fact) -> Fact:
    runs = [of_run(run) for run in truth["runs"]]
    hit = [run for run in runs if run["disturbed"]]

    def slowest(name: str) -> int | None:
        return None if any(run[name] is None for run in hit) else max(run[name] for run in hit)

    return {
        "inside": sum(run["inside"] for run in runs),
        "window": sum(run["window"] for run in runs),
        "detected": slowest("detected") if hit else None,
        "recovered": slowest("recovered") if hit else None,
        "disturbed": bool(hit),
    }


def paced(most: int, took_s: int | None, disturbed: bool, minutes: tuple[int, int]) -> int:
    if not disturbed:
        return most
    if took_s is None:
        return 0
    full, none = minutes
    slope = (Fraction(none) - Fraction(took_s, 60)) / (none - full)
    return int(most * min(Fraction(1), max(Fraction(0), slope)))


def points_of(fact: Fact, found: Fact) -> int:
    """What a line is worth by the rules, before any correction; `found` is what was measured."""
    if fact["truth"] is None:
        return int(fact["given"])
    severity = fact["truth"]["severity"]
    if fact["kind"] == "availability":
        return int(Fraction(found["inside"], found["window"]) * AVAILABILITY)
    detection, recovery = MINUTES[severity]
    if fact["kind"] == "detection":
        return paced(DETECTION, found["detected"], found["disturbed"], detection)
    return paced(RECOVERY, found["recovered"], found["disturbed"], recovery)


class Oracle:
    """Hears of one fact after the other; says the board when asked."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []

    def hears(self, fact: Fact) -> None:
        found = of_round(fact["truth"]) if fact["truth"] is not None else {}
        worth = 0 if fact["corrects"] else points_of(fact, found)
        self.facts.append(fact | found | {"worth": worth})
        if fact["corrects"]:
            self.facts[fact["corrects"] - 1]["worths"] = [
                *self.facts[fact["corrects"] - 1].get("worths", []),
                (len(self.facts), fact["to"]),
            ]

    def board(self) -> list[tuple[Any, ...]]:
        """(rank, team, points, by round, inside ms, window ms, detected, recovered, ideas, up)."""
        now = self._ranks(self.facts)
        told = [f["round"] for f in self.facts if f["round"] and self._moved(f)]
        before: dict[int, int] = {}
        if told and min(told) != max(told):
            past = [f for f in self.facts if f["round"] is None or f["round"] != max(told)]
            past = [f for f in past if f["round"] is None or f["round"] < max(told)]
            before = self._ranks(past)
        return sorted(
            (
                rank,
                team,
                sum(self._worth(f) for f in self.facts if f["team"] == team),
                self._by_round(team),
                *self._of(team),
                before[team] - rank if team in before else None,
            )
            for team, rank in now.items()
        )

    def _moved(self, fact: Fact) -> bool:
        """Whether a line said something about points when it was written."""
        if fact["kind"] == "correction":
            return True
        return bool(fact["worth"])

    @staticmethod
    def _worth(fact: Fact) -> int:
        worths = fact.get("worths")
        return int(worths[-1][1] if worths else fact["worth"])

    def _ranks(self, facts: list[Fact]) -> dict[int, int]:
        """Who is in, by how many have more."""
        says = {
            f["team"]: f["kind"] for f in facts if f["kind"] in ("joined", "opted_in", "opted_out")
        }
        totals = {
            team: sum(self._worth(f) for f in facts if f["team"] == team)
            for team, said in says.items()
            if said != "opted_out"
        }
        return {
            team: 1 + sum(other > total for other in totals.values())
            for team, total in totals.items()
        }

    def _by_round(self, team: int) -> list[tuple[int, int]]:
        own = [f for f in self.facts if f["team"] == team and f["round"]]
        return sorted(
            (number, sum(self._worth(f) for f in own if f["round"] == number))
            for number in {f["round"] for f in own}
        )

    def _of(self, team: int) -> tuple[int, int, int | None, int | None, int]:
        own = [f for f in self.facts if f["team"] == team]
        measured = [f for f in own if f["kind"] == "availability"]
        return (
            1000 * sum(f["inside"] for f in measured),
            1000 * sum(f["window"] for f in measured),
            _mean([f["detected"] for f in own if f["kind"] == "detection"]),
            _mean([f["recovered"] for f in own if f["kind"] == "recovery"]),
            sum(f["kind"] == "idea" for f in own),
        )


def _mean(times: list[int | None]) -> int | None:
    known = [time for time in times if time is not None]
    return int(Fraction(sum(known), len(known))) if known else None
