"""The points ledger of a game day as rows, and the board that follows from it.

The page, the wall, the API and the freezing of the final standings all ask here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import QuerySet

from exercises.domain.score_ledger import Entry, EntryKind, Standing, standings
from exercises.models import GameDay, ScoreEntry


def ledger_rows(game_day: GameDay) -> QuerySet[ScoreEntry]:
    """The entries, oldest first, with what each is about."""
    rows = ScoreEntry.objects.filter(game_day=game_day)
    related = ("team", "round", "author", "corrects", "improvement")
    return rows.select_related(*related).order_by("seq")


def ledger_of(game_day: GameDay) -> list[ScoreEntry]:
    """Every entry, oldest first. One query."""
    return list(ledger_rows(game_day))


def entries_of(rows: Iterable[ScoreEntry]) -> tuple[Entry, ...]:
    """The rows as the rules take them."""
    return tuple(
        Entry(
            seq=row.seq,
            kind=EntryKind(row.kind),
            team=row.team_id,
            points=row.points,
            round=row.round.number if row.round else None,
            inside_ms=row.inside_ms,
            window_ms=row.window_ms,
            took_s=row.took_s,
            corrects=row.corrects.seq if row.corrects else None,
        )
        for row in rows
    )


def standings_document(found: Sequence[Standing], names: dict[int, str]) -> list[dict[str, Any]]:
    """The standings as they are frozen and as the API gives them; `names` are the teams' slugs."""
    return [
        {
            "rank": row.rank,
            "team": names[row.team],
            "points": row.points,
            "by_round": {str(number): points for number, points in row.by_round.items()},
            "inside_ms": row.inside_ms,
            "window_ms": row.window_ms,
            "detected_s": row.detected_s,
            "recovered_s": row.recovered_s,
            "improvements_accepted": row.ideas,
        }
        for row in found
    ]


def standings_now(rows: Sequence[ScoreEntry]) -> list[dict[str, Any]]:
    """Counted anew from the ledger, as a document."""
    return standings_document(
        standings(entries_of(rows)), {row.team_id: row.team.slug for row in rows}
    )


def players(entries: Iterable[Entry]) -> dict[int, bool]:
    """Every team that ever joined, and whether it plays now."""
    found: dict[int, bool] = {}
    for entry in entries:
        if entry.kind in (EntryKind.JOINED, EntryKind.OPTED_IN):
            found[entry.team] = True
        elif entry.kind is EntryKind.OPTED_OUT:
            found[entry.team] = False
    return found
