"""The same game days written by the services and read back from PostgreSQL."""

from __future__ import annotations

import os

import pytest

from exercises.domain.score_ledger import Entry
from exercises.models import GameDay as Row
from exercises.models import GameRound, ScoreEntry, Team
from exercises.models.due_work import database_now
from exercises.queries.game_board import BoardView, board_of
from exercises.services.game_days import RoundPlan, set_up
from exercises.services.game_ledger import write
from tests import build
from tests.cast import Cast
from tests.score_ledger.cases import GameDay
from tests.score_ledger.compare import as_told, check
from tests.score_ledger.oracle import Oracle

ROUNDS = [RoundPlan(f"Round {n}", 1800 * n, 1800) for n in range(5)]


@pytest.mark.parametrize("seeds", [range(60)])
def test_the_board_is_what_an_oracle_counts_after_every_entry(seeds: range) -> None:
    compared = [check(seed) for seed in seeds]
    assert [difference for _, difference in compared if difference] == []
    assert sum(boards for boards, _ in compared) > 500


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(int(os.environ.get("CASES") or 1)))
def test_the_board_of_the_rows_is_what_an_oracle_counts_after_every_entry(
    cast: Cast, seed: int
) -> None:
    game, oracle = GameDay(seed), Oracle()
    teams = {
        team: Team.objects.create(slug=f"team-{team}", name=f"T{team}")
        for team in sorted(game.teams)
    }
    exercise = build.exercise(cast, slug="game")
    day = set_up(exercise_id=exercise.pk, chaos_team=cast.team, teams=[], rounds=ROUNDS, rules={})
    rounds = {one.number: one for one in day.rounds.all()}
    own = {of.pk: team for team, of in teams.items()}
    for act in game.acts():
        _write(day, act.entry, teams[act.entry.team], rounds)
        oracle.hears(act.fact)
        board = board_of(BoardView(exercise.pk), now=database_now())
        told = [
            (rank, own[team], *rest)
            for rank, team, *rest in as_told([row.standing for row in board.rows])
        ]
        assert told == oracle.board(), act.entry


def _write(day: Row, entry: Entry, team: Team, rounds: dict[int, GameRound]) -> None:
    corrected = None
    if entry.corrects:
        corrected = ScoreEntry.objects.get(game_day=day, seq=entry.corrects)
    write(
        day,
        entry.kind,
        team=team,
        points=entry.points,
        round=rounds.get(entry.round or 0),
        inside_ms=entry.inside_ms,
        window_ms=entry.window_ms,
        took_s=entry.took_s,
        corrects=corrected,
    )
