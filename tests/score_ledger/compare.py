"""The board of the product and that of the oracle, after every single entry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from exercises.domain.score_ledger import Standing, standings
from tests.score_ledger.cases import GameDay
from tests.score_ledger.oracle import Oracle


def as_told(rows: Sequence[Standing]) -> list[tuple[Any, ...]]:
    """The standings in the oracle's words."""
    return [
        (
            row.rank,
            row.team,
            row.points,
            sorted(row.by_round.items()),
            row.inside_ms,
            row.window_ms,
            row.detected_s,
            row.recovered_s,
            row.ideas,
            row.up,
        )
        for row in rows
    ]


def check(seed: int) -> tuple[int, str]:
    """How many boards of this game day were compared, and the first difference, if any."""
    game, oracle, compared = GameDay(seed), Oracle(), 0
    for act in game.acts():
        oracle.hears(act.fact)
        ours, theirs = as_told(standings(tuple(game.entries))), oracle.board()
        compared += 1
        if ours != theirs:
            return compared, f"seed {seed}, entry {act.entry}:\n  board  {ours}\n  oracle {theirs}"
    return compared, ""
