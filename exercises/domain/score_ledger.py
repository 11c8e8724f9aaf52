"""The points ledger of a game day, and the standings that follow from it alone.

Entries are never changed: what was wrong is put right by another entry that names it.
`standings` is a pure function of the entries, so the board, the API, the frozen final
standings and anybody who counts again say the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from exercises.domain.errors import Invalid


class EntryKind(StrEnum):
    JOINED = "joined"
    OPTED_OUT = "opted_out"
    OPTED_IN = "opted_in"
    AVAILABILITY = "availability"
    DETECTION = "detection"
    RECOVERY = "recovery"
    TABLE_TOP = "table_top"
    IDEA = "idea"
    BONUS = "bonus"
    CORRECTION = "correction"


_K = EntryKind

MEASURED: Final = (_K.AVAILABILITY, _K.DETECTION, _K.RECOVERY)
"""Written once for a team and a round, from its runs."""
WITHOUT_POINTS: Final = frozenset({_K.JOINED, _K.OPTED_OUT, _K.OPTED_IN})


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger.

    `seq` counts from 1 without a gap. `inside_ms` of `window_ms` belong to an entry of
    availability, `took_s` to one of detection or recovery. `corrects` is the entry that a
    correction puts right.
    """

    seq: int
    kind: EntryKind
    team: int
    points: int = 0
    round: int | None = None
    inside_ms: int = 0
    window_ms: int = 0
    took_s: int | None = None
    corrects: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """A line of the board. Equal points are an equal rank.

    `up` is by how many ranks it rose since the round before the last that was scored; None
    before a second one. Times are the mean over the rounds that were measured.
    """

    rank: int
    team: int
    points: int
    by_round: Mapping[int, int]
    inside_ms: int
    window_ms: int
    shares: tuple[float, ...]
    detected_s: int | None
    recovered_s: int | None
    ideas: int
    up: int | None


def standings(entries: Sequence[Entry]) -> tuple[Standing, ...]:
    """The board after these entries, best first. Teams that opted out are not on it."""
    found = _ranked(entries)
    scored = [entry.round for entry in entries if entry.round is not None and entry.points]
    last = max(scored, default=None)
    before: dict[int, int] = {}
    if last is not None and min(scored) < last:
        earlier = [entry for entry in entries if entry.round is None or entry.round < last]
        before = {tally.team: rank for rank, tally in _ranked(earlier)}
    return tuple(_standing(rank, tally, before.get(tally.team)) for rank, tally in found)


class _Tally:
    """What adds up for one team."""

    def __init__(self, team: int) -> None:
        self.team = team
        self.is_in = False
        self.points = 0
        self.by_round: dict[int, int] = defaultdict(int)
        self.availability: dict[int, tuple[int, int]] = {}
        self.times: dict[EntryKind, list[int]] = {_K.DETECTION: [], _K.RECOVERY: []}
        self.ideas = 0

    def add(self, entry: Entry) -> None:
        if entry.kind in WITHOUT_POINTS:
            self.is_in = entry.kind is not _K.OPTED_OUT
            return
        self.points += entry.points
        if entry.round is not None:
            self.by_round[entry.round] += entry.points
        if entry.kind is _K.AVAILABILITY and entry.round is not None:
            self.availability[entry.round] = (entry.inside_ms, entry.window_ms)
        elif entry.kind in self.times and entry.took_s is not None:
            self.times[entry.kind].append(entry.took_s)
        elif entry.kind is _K.IDEA:
            self.ideas += 1

    @property
    def inside_ms(self) -> int:
        return sum(inside for inside, _ in self.availability.values())

    @property
    def window_ms(self) -> int:
        return sum(window for _, window in self.availability.values())


def _ranked(entries: Iterable[Entry]) -> list[tuple[int, _Tally]]:
    tallies: dict[int, _Tally] = {}
    for entry in entries:
        tallies.setdefault(entry.team, _Tally(entry.team)).add(entry)
    playing = sorted(
        (tally for tally in tallies.values() if tally.is_in),
        key=lambda tally: (-tally.points, tally.team),
    )
    all_points = [tally.points for tally in playing]
    return [(all_points.index(tally.points) + 1, tally) for tally in playing]


def _standing(rank: int, tally: _Tally, before: int | None) -> Standing:
    return Standing(
        rank=rank,
        team=tally.team,
        points=tally.points,
        by_round=dict(sorted(tally.by_round.items())),
        inside_ms=tally.inside_ms,
        window_ms=tally.window_ms,
        shares=tuple(
            inside / window for _, (inside, window) in sorted(tally.availability.items()) if window
        ),
        detected_s=_mean(tally.times[_K.DETECTION]),
        recovered_s=_mean(tally.times[_K.RECOVERY]),
        ideas=tally.ideas,
        up=None if before is None else before - rank,
    )


def _mean(times: Sequence[int]) -> int | None:
    return sum(times) // len(times) if times else None


def worth(entries: Iterable[Entry], seq: int) -> int:
    """What an entry is worth after every correction of it."""
    return sum(entry.points for entry in entries if seq in (entry.seq, entry.corrects))


def correction_of(entries: Sequence[Entry], seq: int, *, to: int, most: int) -> int:
    """The points of the entry that makes entry `seq` worth `to`.

    Raises Invalid: no such entry, one that carries no points or is itself a correction, a
    worth outside 0 to `most`, or the worth it has already.
    """
    found = next((entry for entry in entries if entry.seq == seq), None)
    if found is None or found.kind in WITHOUT_POINTS or found.kind is _K.CORRECTION:
        raise Invalid("entry", f"entry {seq} carries no points that could be put right")
    if not 0 <= to <= most:
        raise Invalid("points", f"0 to {most:,}, as for any {LABELS[found.kind].lower()}")
    now = worth(entries, seq)
    if to == now:
        raise Invalid("points", f"entry {seq} is worth {now} already")
    return to - now


LABELS: Final[Mapping[EntryKind, str]] = {
    _K.JOINED: "Joined",
    _K.OPTED_OUT: "Opted out",
    _K.OPTED_IN: "Back in",
    _K.AVAILABILITY: "Availability",
    _K.DETECTION: "Detection",
    _K.RECOVERY: "Recovery",
    _K.TABLE_TOP: "Table-top",
    _K.IDEA: "Improvement",
    _K.BONUS: "Bonus",
    _K.CORRECTION: "Correction",
}
