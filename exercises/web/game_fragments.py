"""The pieces of a game day's board: the page, the wall and their stream draw the same ones.

A piece holds no form and nothing of a person; only whether the jury looks changes what it says.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import close_old_connections
from django.template.loader import render_to_string

from exercises.models.due_work import database_now
from exercises.queries.game_board import Board, BoardView, board_of
from exercises.queries.naming import names_now
from exercises.web import formats
from exercises.web.hub import Turn

PIECES: Final = ("gd-state", "gd-since", "gd-board", "gd-rounds", "gd-words")
OF_PAGE: Final = ("gd-ideas", "gd-idea-counts")


def board_context(board: Board, view: BoardView) -> dict[str, object]:
    """What the templates of the board take."""
    exercise = board.game_day.exercise
    return {
        "board": board,
        "view": view,
        "exercise": exercise,
        "zone": exercise.timezone,
        "state": state_of(board),
        "since": since(board),
        "rounds_of": rounds_words(board),
        "rules": board.rules,
        "names": names_now(),
    }


def state_of(board: Board) -> tuple[str, str]:
    """The look and the words of where the game day stands."""
    if board.final is not None:
        return "game_final", "Final standings"
    phase = board.game_day.exercise.phase
    if phase == "cancelled":
        return "cancelled", "Cancelled"
    if phase in ("debrief", "closed"):
        return "game_over", "Over, not final yet"
    if phase == "live":
        number, of = (board.on.number if board.on else 0), len(board.rounds)
        return "game_on", f"Round {number} of {of}" if number else "Live, no round yet"
    return "game_ahead", "Ahead"


def since(board: Board) -> str:
    """What the board is as of."""
    exercise, final = board.game_day.exercise, board.final
    if final is not None:
        again = f", corrected {_times(final.edition - 1)}" if final.edition > 1 else ""
        return f"frozen {formats.stamp(final.frozen_at, exercise.timezone)}{again}"
    if exercise.went_live_at is None:
        return f"begins {formats.stamp(exercise.starts_at, exercise.timezone)}"
    if board.is_live:
        return f"after {_whole_minutes(board.now - exercise.went_live_at)}, updates by itself"
    return f"after {len(board.rounds)} rounds"


def _whole_minutes(span: timedelta) -> str:
    """Minutes only: a piece that changed every second would be sent every second."""
    minutes = int(span.total_seconds()) // 60
    return formats.duration(minutes * 60) if minutes else "less than a minute"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def rounds_words(board: Board) -> str:
    """5 of 30 min; 5 when they do not last equally long."""
    lengths = {one.at.round.duration_s for one in board.rounds}
    count = len(board.rounds)
    return f"{count} of {formats.minutes(lengths.pop())}" if len(lengths) == 1 else f"{count}"


def draw(view: BoardView) -> Turn:
    """Read and draw the board for the hub. Runs in a thread and gives its connection back."""
    close_old_connections()
    try:
        return drawn(view, now=database_now())
    finally:
        close_old_connections()


def drawn(view: BoardView, *, now: datetime) -> Turn:
    board = board_of(view, now=now)
    context = board_context(board, view)
    names = PIECES if view.is_wall else (*PIECES, *OF_PAGE)
    return Turn(board, {name: _render(name, context) for name in names})


def _render(name: str, context: dict[str, object]) -> str:
    part = name.removeprefix("gd-").replace("-", "_")
    return render_to_string(f"gamedays/_{part}.html", context).strip()
