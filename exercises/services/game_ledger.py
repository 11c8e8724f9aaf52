"""Writes the points ledger: one line after the other, each with its number and its reason.

Every entry is written here, under the lock of its game day, so that the numbers have no gap
and two writers cannot both be first. The tick calls `score_due_rounds`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from exercises import hints
from exercises.domain.exercise_phases import Phase
from exercises.domain.game_rules import rules_from_json
from exercises.domain.game_scoring import Measured, earned
from exercises.domain.score_ledger import EntryKind
from exercises.models import FinalStandings, GameDay, GameRound, Run, ScoreEntry
from exercises.models.due_work import database_now
from exercises.queries.game_ledger import entries_of, ledger_of, players
from exercises.queries.game_rounds import RoundNow, measured_of, measured_together, rounds_of
from exercises.services.audit import record
from exercises.services.system import SYSTEM

log = logging.getLogger(__name__)


def lock_game_day(pk: int) -> GameDay:
    """The game day, locked until the transaction ends."""
    return (
        GameDay.objects.select_for_update(of=("self",), no_key=True)
        .select_related("exercise", "chaos_team")
        .get(pk=pk)
    )


def is_frozen(game_day: GameDay) -> bool:
    return FinalStandings.objects.filter(game_day=game_day).exists()


def write(
    game_day: GameDay, kind: EntryKind, *, at: datetime | None = None, **values: object
) -> ScoreEntry:
    """Append one entry. The game day must be locked by the caller's transaction."""
    last = ScoreEntry.objects.filter(game_day=game_day).aggregate(last=Max("seq"))["last"] or 0
    entry = ScoreEntry(game_day=game_day, seq=last + 1, kind=kind.value, at=at or database_now())
    for name, value in values.items():
        setattr(entry, name, value)
    entry.save()
    hints.tell_pages(game_day.exercise_id)
    return entry


def score_due_rounds() -> int:
    """Write the points of every team whose runs of a round have all been judged.

    Returns how many entries were written. What went wrong with one game day keeps no other
    from its points.
    """
    open_days = GameDay.objects.filter(
        exercise__phase__in=(Phase.LIVE.value, Phase.DEBRIEF.value), finals__isnull=True
    )
    return sum(score_rounds(game_day_id=pk) for pk in open_days.values_list("pk", flat=True))


def score_rounds(*, game_day_id: int, at: datetime | None = None) -> int:
    """Write what is due in one game day; doing it again writes nothing."""
    now = database_now()
    game_day = GameDay.objects.select_related("exercise").get(pk=game_day_id)
    due = _due(game_day, rounds_of(game_day, now=now))
    if not due:
        return 0
    found = measured_of([run for _, _, runs in due for run in runs], now=now)
    written = 0
    with transaction.atomic():
        locked = lock_game_day(game_day_id)
        if is_frozen(locked):
            return 0
        still = {(one.pk, team) for one, team, _ in _due(locked, rounds_of(locked, now=now))}
        for one, team_id, runs in due:
            if (one.pk, team_id) in still:
                measured = measured_together(runs, found)
                written += _write_round(locked, one, team_id, runs, measured, at or now)
        if written:
            record(SYSTEM, "game.score", locked, entries=written)
    return written


def _due(game_day: GameDay, rounds: Sequence[RoundNow]) -> list[tuple[GameRound, int, list[Run]]]:
    """(round, team, its runs) that are all judged and not scored yet."""
    rows = ledger_of(game_day)
    done = {(row.round_id, row.team_id) for row in rows if row.round_id and row.kind in _SCORED}
    playing = [team for team, plays in players(entries_of(rows)).items() if plays]
    return [
        (one.round, team, runs)
        for one in rounds
        for team in playing
        if (one.round.pk, team) not in done and (runs := one.of_team(team)) and one.is_settled(team)
    ]


_SCORED = {EntryKind.AVAILABILITY.value, EntryKind.TABLE_TOP.value}


def _write_round(
    game_day: GameDay,
    one: GameRound,
    team_id: int,
    runs: Sequence[Run],
    measured: Measured,
    at: datetime,
) -> int:
    points = earned(rules_from_json(game_day.rules), one.severity, measured)
    shared: dict[str, Any] = {
        "team_id": team_id,
        "round": one,
        "at": at,
        "details": {"runs": [str(run.pk) for run in runs], "severity": one.severity},
    }
    write(
        game_day,
        EntryKind.AVAILABILITY,
        points=points.availability,
        inside_ms=measured.inside_ms,
        window_ms=measured.window_ms,
        reason=f"Inside {_percent(measured)} of the time.",
        **shared,
    )
    write(
        game_day,
        EntryKind.DETECTION,
        points=points.detection,
        took_s=measured.detected_s if measured.was_disturbed else None,
        reason=_detected(measured),
        **shared,
    )
    write(
        game_day,
        EntryKind.RECOVERY,
        points=points.recovery,
        took_s=measured.recovered_s if measured.was_disturbed else None,
        reason=_recovered(measured),
        **shared,
    )
    return 3


def _percent(measured: Measured) -> str:
    if not measured.window_ms:
        return "0 %"
    return f"{100 * measured.inside_ms / measured.window_ms:.2f} %"


def _detected(measured: Measured) -> str:
    if not measured.was_disturbed:
        return "Nothing was to be seen."
    if measured.detected_s is None:
        return "Nobody said that they see it."
    return f"Said after {_minutes(measured.detected_s)}."


def _recovered(measured: Measured) -> str:
    if not measured.was_disturbed:
        return "Never left the steady state."
    if measured.recovered_s is None:
        return "Not back when the round ended."
    return f"Back after {_minutes(measured.recovered_s)}."


def _minutes(seconds: int) -> str:
    return f"{seconds // 60} m {seconds % 60:02d} s"
