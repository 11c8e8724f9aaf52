"""What the board of a game day shows: standings, rounds, ideas, the word of the chaos crew.

The page, the wall display and their stream ask here, so that they say the same. The number of
queries does not grow with teams, rounds, entries or ideas.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from exercises.domain.actors import Actor
from exercises.domain.game_rules import GameRules, rules_from_json
from exercises.domain.game_scoring import Measured
from exercises.domain.score_ledger import Entry, Standing, standings
from exercises.models import FinalStandings, GameDay, Improvement, RunEvent, ScoreEntry, Team
from exercises.queries.game_ledger import entries_of, ledger_of, players, standings_document
from exercises.queries.game_rounds import (
    RoundNow,
    current_round,
    measured_of,
    measured_together,
    rounds_of,
)

MOST_IDEAS: Final = 100
MOST_WORDS: Final = 20
SHOWN: Final = ("game.word", "game.seen")


@dataclass(frozen=True, slots=True)
class BoardView:
    """One way to look at a board; all who look the same way are sent the same."""

    exercise_id: int
    ideas: str = ""
    is_jury: bool = False
    is_wall: bool = False


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A team of the board. `cells` are its points of each round, None before it was scored;
    `now` is what it measured so far in the round that is on."""

    standing: Standing
    team: Team
    cells: tuple[int | None, ...]
    now: Measured | None

    @property
    def availability(self) -> float | None:
        """Percent of the measured time, of all rounds that were scored."""
        one = self.standing
        return 100 * one.inside_ms / one.window_ms if one.window_ms else None

    @property
    def now_percent(self) -> float | None:
        found = self.now
        return 100 * found.inside_ms / found.window_ms if found and found.window_ms else None

    @property
    def moved(self) -> str:
        up = self.standing.up
        if up is None:
            return ""
        return f"up {up}" if up > 0 else f"down {-up}" if up < 0 else "same"


@dataclass(frozen=True, slots=True)
class RoundShown:
    """A round of the list: who won it, and whether its title is still sealed for the reader."""

    at: RoundNow
    winners: tuple[str, ...]
    best: int
    is_sealed: bool


@dataclass(frozen=True, slots=True)
class Board:
    game_day: GameDay
    rules: GameRules
    rows: tuple[BoardRow, ...]
    rounds: tuple[RoundShown, ...]
    on: RoundNow | None
    ideas: Sequence[Improvement]
    idea_counts: dict[str, int]
    words: Sequence[RunEvent]
    final: FinalStandings | None
    entries: int
    playing: frozenset[int]
    out: frozenset[int]
    teams: dict[int, Team]
    now: datetime

    @property
    def is_live(self) -> bool:
        return self.game_day.exercise.phase == "live"

    @property
    def has_points(self) -> bool:
        return any(row.standing.points for row in self.rows)

    @property
    def ideas_count(self) -> int:
        return sum(self.idea_counts.values())


def game_days(actor: Actor) -> QuerySet[GameDay]:
    """Every game day one may see, newest first."""
    return (
        GameDay.objects.visible_to(actor)
        .select_related("exercise", "chaos_team")
        .annotate(round_count=Count("rounds", distinct=True))
        .order_by("-exercise__starts_at", "-pk")
    )


def board_of(view: BoardView, *, now: datetime) -> Board:
    """Everything on the board, as of now."""
    game_day = GameDay.objects.select_related("exercise", "chaos_team").get(
        exercise=view.exercise_id
    )
    ledger = ledger_of(game_day)
    entries = entries_of(ledger)
    rounds = rounds_of(game_day, now=now)
    on = current_round(rounds)
    teams = {row.team_id: row.team for row in ledger}
    plays = players(entries)
    ideas, counts = _ideas(game_day, view.ideas)
    return Board(
        game_day=game_day,
        rules=rules_from_json(game_day.rules),
        rows=_rows(entries, teams, rounds, on, now),
        rounds=_shown(rounds, entries, teams, view),
        on=on,
        ideas=ideas,
        idea_counts=counts,
        words=list(
            game_day.exercise.events.filter(kind__in=SHOWN).order_by("-at", "-id")[:MOST_WORDS]
        ),
        final=game_day.finals.select_related("frozen_by").first(),
        entries=len(ledger),
        playing=frozenset(team for team, is_in in plays.items() if is_in),
        out=frozenset(team for team, is_in in plays.items() if not is_in),
        teams=teams,
        now=now,
    )


def _rows(
    entries: Sequence[Entry],
    teams: dict[int, Team],
    rounds: Sequence[RoundNow],
    on: RoundNow | None,
    now: datetime,
) -> tuple[BoardRow, ...]:
    running = on.begun if on is not None and on.state == "now" else []
    found = measured_of(running, now=now) if running else {}
    return tuple(
        BoardRow(
            standing=standing,
            team=teams[standing.team],
            cells=tuple(standing.by_round.get(one.number) for one in rounds),
            now=_so_far(on, standing.team, found),
        )
        for standing in standings(entries)
    )


def _so_far(on: RoundNow | None, team_id: int, found: dict[str, Measured]) -> Measured | None:
    own = on.of_team(team_id) if on is not None and found else []
    return measured_together(own, found) if own else None


def _shown(
    rounds: Sequence[RoundNow], entries: Sequence[Entry], teams: dict[int, Team], view: BoardView
) -> tuple[RoundShown, ...]:
    board = standings(entries)
    shown = []
    for one in rounds:
        points = {row.team: row.by_round[one.number] for row in board if one.number in row.by_round}
        best = max(points.values(), default=0)
        won = [teams[team].name for team, of_team in points.items() if of_team == best and best]
        shown.append(
            RoundShown(
                at=one,
                winners=tuple(won) if one.state == "done" else (),
                best=best,
                is_sealed=one.state == "sealed" and not view.is_jury,
            )
        )
    return tuple(shown)


def _ideas(game_day: GameDay, which: str) -> tuple[list[Improvement], dict[str, int]]:
    """The ideas of this filter, and how many there are of each kind."""
    rows = ideas_of(game_day)
    counts: dict[str, Any] = game_day.improvements.aggregate(
        new=Count("pk", filter=Q(judgement__isnull=True)),
        accepted=Count("pk", filter=Q(judgement__is_accepted=True)),
        declined=Count("pk", filter=Q(judgement__is_accepted=False)),
    )
    if which == "new":
        rows = rows.filter(judgement__isnull=True)
    elif which == "accepted":
        rows = rows.filter(judgement__is_accepted=True)
    return list(rows[:MOST_IDEAS]), counts


def ideas_of(game_day: GameDay) -> QuerySet[Improvement]:
    """Every idea with its votes and the points it earned, the best liked first."""
    rows = game_day.improvements.select_related("team", "round", "judgement")
    earned = ScoreEntry.objects.filter(improvement=OuterRef("pk")).values("points")
    return rows.annotate(vote_count=Count("votes"), points=Subquery(earned)).order_by(
        "-vote_count", "proposed_at", "pk"
    )


def ledger_shown(game_day: GameDay) -> list[ScoreEntry]:
    """The ledger for reading: newest first."""
    return ledger_of(game_day)[::-1]


def board_document(board: Board) -> dict[str, Any]:
    """The standings as the API gives them."""
    names = {pk: team.slug for pk, team in board.teams.items()}
    return {
        "game_day": board.game_day.exercise.slug,
        "as_of": board.now,
        "through_entry": board.entries,
        "is_final": board.final is not None,
        "edition": board.final.edition if board.final else None,
        "standings": standings_document([row.standing for row in board.rows], names),
    }
