"""Generated game days: what happened, told twice.

`Act.entry` is the line that the product's own rules make of it; `Act.fact` is what happened, in
the oracle's words, from which the oracle works everything out by itself.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from exercises.domain.engine_values import Reading
from exercises.domain.errors import Invalid
from exercises.domain.game_rules import SEVERITIES, STANDARD
from exercises.domain.game_scoring import Measured, earned, measure, together
from exercises.domain.score_ledger import Entry, EntryKind, correction_of, worth
from exercises.domain.steady_state import ProbeSpec, probes_from_json

STEP_S = 20
"""Between two readings, and what the oracle counts in."""
T0 = datetime(2026, 3, 11, 9, 0, tzinfo=UTC)
_PROBE = {
    "kind": "cloudwatch", "namespace": "Any", "metric": "Any", "stat": "Average", "period_s": 60,
    "grace_s": 0,
}  # fmt: skip
SPECS: tuple[ProbeSpec, ...] = probes_from_json(
    [
        _PROBE | {"key": "delivered", "name": "Delivered", "low": 99.5},
        _PROBE | {"key": "clusters", "name": "Clusters", "low": 1, "high": 1},
    ]
)
INSIDE, OUTSIDE = {"delivered": 99.9, "clusters": 1.0}, {"delivered": 90.0, "clusters": 2.0}


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that happened in a game day."""

    entry: Entry
    fact: dict[str, Any]


class GameDay:
    """One game day, act after act, from a seed."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.teams = self.rng.sample(range(1, 100), self.rng.randint(2, 6))
        self.entries: list[Entry] = []

    def acts(self) -> Iterator[Act]:
        for team in self.teams:
            yield self._act(EntryKind.JOINED, team)
        for number in range(1, self.rng.randint(1, 5) + 1):
            yield from self._round(number)
        while self.rng.random() < 0.5:  # after the end: corrections only
            yield from self._correction()

    def _round(self, number: int) -> Iterator[Act]:
        is_table_top = self.rng.random() < 0.3
        severity = self.rng.choice(list(SEVERITIES))
        for team in self.rng.sample(self.teams, len(self.teams)):
            if self.rng.random() < 0.05:  # nothing ran for it
                continue
            if is_table_top:
                points = self.rng.randint(1, STANDARD.table_top)
                yield self._act(EntryKind.TABLE_TOP, team, points, number)
            else:
                yield from self._measured(team, number, severity)
            if self.rng.random() < 0.6:
                yield from self._in_between(number)

    def _measured(self, team: int, number: int, severity: str) -> Iterator[Act]:
        runs = [self._run() for _ in range(self.rng.choice((1, 1, 2)))]
        found = together([measured for measured, _ in runs])
        points = earned(STANDARD, severity, found)
        truth = {"runs": [told for _, told in runs], "severity": severity}
        is_timed = found.was_disturbed
        yield self._act(
            EntryKind.AVAILABILITY, team, points.availability, number,
            inside_ms=found.inside_ms, window_ms=found.window_ms, truth=truth,
        )  # fmt: skip
        yield self._act(
            EntryKind.DETECTION, team, points.detection, number,
            took_s=found.detected_s if is_timed else None, truth=truth,
        )  # fmt: skip
        yield self._act(
            EntryKind.RECOVERY, team, points.recovery, number,
            took_s=found.recovered_s if is_timed else None, truth=truth,
        )  # fmt: skip

    def _run(self) -> tuple[Measured, dict[str, Any]]:
        """Readings of two probes on a grid, some missing, and what the team said when."""
        steps = self.rng.randint(6, 40)
        truth = {key: self._line(steps) for key in INSIDE}
        seen_s = self.rng.choice((None, self.rng.randrange(steps * STEP_S)))
        readings = {
            key: [
                Reading(key, T0 + timedelta(seconds=STEP_S * step), value)
                for step, is_inside in enumerate(line)
                if (value := self._value(key, is_inside)) is not None
            ]
            for key, line in truth.items()
        }
        found = measure(
            SPECS,
            readings,
            started_at=T0,
            until=T0 + timedelta(seconds=STEP_S * steps),
            seen_at=None if seen_s is None else T0 + timedelta(seconds=seen_s),
            speed=1,
        )
        return found, {"lines": truth, "seen_s": seen_s}

    def _line(self, steps: int) -> list[bool | None]:
        """Inside, outside or silent, in stretches."""
        line: list[bool | None] = []
        while len(line) < steps:
            said = self.rng.choice((True, True, True, False, None))
            line += [said] * self.rng.randint(1, 12)
        return line[:steps]

    @staticmethod
    def _value(key: str, is_inside: bool | None) -> float | None:
        if is_inside is None:
            return None
        return (INSIDE if is_inside else OUTSIDE)[key]

    def _in_between(self, number: int) -> Iterator[Act]:
        team = self.rng.choice(self.teams)
        what = self.rng.random()
        if what < 0.35:
            yield self._act(EntryKind.IDEA, team, STANDARD.idea, self.rng.choice((number, None)))
        elif what < 0.5:
            yield self._act(EntryKind.BONUS, team, self.rng.randint(1, STANDARD.bonus), number)
        elif what < 0.7:
            kind = self.rng.choice((EntryKind.OPTED_OUT, EntryKind.OPTED_IN))
            yield self._act(kind, team)
        else:
            yield from self._correction()

    def _correction(self) -> Iterator[Act]:
        of = self.rng.choice(self.entries)
        to = self.rng.randint(0, 15)
        try:
            points = correction_of(self.entries, of.seq, to=to, most=15)
        except Invalid:
            return
        yield self._act(EntryKind.CORRECTION, of.team, points, of.round, corrects=of.seq, to=to)

    def _act(
        self, kind: EntryKind, team: int, points: int = 0, number: int | None = None, **more: Any
    ) -> Act:
        fact = {
            "kind": str(kind), "team": team, "round": number, "given": points,
            "truth": more.pop("truth", None), "to": more.pop("to", None),
            "corrects": more.get("corrects"),
        }  # fmt: skip
        entry = Entry(len(self.entries) + 1, kind, team, points, number, **more)
        self.entries.append(entry)
        assert worth(self.entries, entry.seq) == points or kind is EntryKind.CORRECTION
        return Act(entry, fact)
