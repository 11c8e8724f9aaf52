"""Points that a person gives, corrections, and the freezing of the final standings."""

from __future__ import annotations

from typing import Final

from django.db import transaction

from exercises.domain.actors import Actor
from exercises.domain.errors import Conflict, Invalid, Refusal, Refused
from exercises.domain.exercise_phases import Phase
from exercises.domain.game_rules import GameRules, rules_from_json
from exercises.domain.score_ledger import EntryKind, correction_of
from exercises.models import FinalStandings, GameDay, GameRound, ScoreEntry, Team
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.queries.game_ledger import entries_of, ledger_of, players, standings_now
from exercises.queries.game_rounds import RoundNow, rounds_of
from exercises.services.audit import record
from exercises.services.game_ledger import is_frozen, lock_game_day, write

LONGEST_REASON: Final = 500
_SCORED: Final = {EntryKind.AVAILABILITY.value, EntryKind.TABLE_TOP.value}


def give_points(
    *, actor: Actor, game_day: GameDay, one: GameRound, team: Team, points: int, reason: str
) -> ScoreEntry:
    """Score a team in a round in which nothing ran for it, or give it a bonus on top.

    A round without a measurement is scored table-top, once; whatever follows is a bonus.
    Raises NotAllowed, Refused (one's own team), Invalid, Conflict.
    """
    authorize(actor, "gameday.judge", game_day)
    _refuse_own_team(actor, team)
    reason = _reason(reason)
    now = database_now()
    with transaction.atomic():
        locked = lock_game_day(game_day.pk)
        if is_frozen(locked):
            raise Conflict("the final standings are frozen: only corrections follow")
        rows = ledger_of(locked)
        if not players(entries_of(rows)).get(team.pk):
            raise Conflict(f"{team.name} is not on the board")
        is_scored = any(
            row.kind in _SCORED and row.round_id == one.pk and row.team_id == team.pk
            for row in rows
        )
        on = next(found for found in rounds_of(locked, now=now) if found.round.pk == one.pk)
        kind = kind_of_points(on, team.pk, is_scored=is_scored)
        most = most_of(rules_from_json(locked.rules), kind)
        if not 1 <= points <= most:
            raise Invalid("points", f"1 to {most:,} for a {_NAMES[kind]}")
        entry = write(
            locked, kind, team=team, round=one, points=points, reason=reason,
            author_id=actor.user_id,
        )  # fmt: skip
        record(
            actor, "gameday.points", locked, team=team.slug, round=one.number, points=points,
            kind=kind.value, reason=reason,
        )  # fmt: skip
    return entry


_NAMES: Final = {EntryKind.TABLE_TOP: "table-top round", EntryKind.BONUS: "bonus"}


def kind_of_points(on: RoundNow, team_id: int, *, is_scored: bool) -> EntryKind:
    """What the jury's points are in this round. Raises Conflict while it is sealed, or while
    its runs have still to be measured."""
    if on.state == "sealed":
        raise Conflict(f"round {on.number} has not begun")
    if is_scored:
        return EntryKind.BONUS
    if not on.is_settled(team_id) or on.of_team(team_id):
        raise Conflict("what ran in this round has still to be measured")
    return EntryKind.TABLE_TOP


def most_of(rules: GameRules, kind: EntryKind) -> int:
    """The most that one entry of this kind is worth."""
    return int(getattr(rules, kind.value))


def correct(*, actor: Actor, game_day: GameDay, seq: int, points: int, reason: str) -> ScoreEntry:
    """Say what an entry should have been worth, as another entry. After the freezing the
    standings are frozen once more. Raises NotAllowed, Refused (own team), Invalid, Conflict."""
    authorize(actor, "gameday.correct", game_day)
    reason = _reason(reason)
    with transaction.atomic():
        locked = lock_game_day(game_day.pk)
        rows = ledger_of(locked)
        found = next((row for row in rows if row.seq == seq), None)
        if found is None:
            raise Invalid("entry", f"there is no entry {seq}")
        _refuse_own_team(actor, found.team)
        kind = EntryKind(found.kind)
        most = most_of(rules_from_json(locked.rules), kind) if hasattr(GameRules, kind) else 0
        delta = correction_of(entries_of(rows), seq, to=points, most=most)
        entry = write(
            locked, EntryKind.CORRECTION, team=found.team, round=found.round, points=delta,
            corrects=found, reason=reason, author_id=actor.user_id,
        )  # fmt: skip
        if is_frozen(locked):
            _freeze(actor, locked, reason)
        record(
            actor, "gameday.correct", locked, entry=seq, points=points, delta=delta, reason=reason
        )
    return entry


def freeze_standings(*, actor: Actor, game_day: GameDay) -> FinalStandings:
    """Make the board final. Raises NotAllowed, Conflict (frozen already), Refused: with every
    reason why points may still come."""
    authorize(actor, "gameday.freeze", game_day)
    with transaction.atomic():
        locked = lock_game_day(game_day.pk)
        if is_frozen(locked):
            raise Conflict("the final standings are frozen already")
        refusals = reasons_not_to_freeze(locked)
        if refusals:
            raise Refused(*refusals)
        final = _freeze(actor, locked, "")
        record(actor, "gameday.freeze", locked, through=final.through_seq)
    return final


def reasons_not_to_freeze(game_day: GameDay) -> list[Refusal]:
    """Why points may still come."""
    found = []
    if game_day.exercise.phase not in (Phase.DEBRIEF.value, Phase.CLOSED.value):
        found.append(Refusal("game.not_over", "The game day is not over.", "It ends by itself."))
    waiting = game_day.improvements.filter(judgement__isnull=True).count()
    if waiting:
        ideas = "1 improvement waits" if waiting == 1 else f"{waiting} improvements wait"
        found.append(
            Refusal("game.ideas_wait", f"{ideas} for the jury.", "Accept it, or say why not.")
        )
    unscored = _unscored(game_day)
    if unscored:
        found.append(
            Refusal(
                "game.rounds_open",
                f"Not scored yet: {', '.join(unscored)}.",
                "Measured rounds are scored by themselves; the jury scores the others.",
            )
        )
    return found


def _unscored(game_day: GameDay) -> list[str]:
    """Rounds in which some teams have points and others, which play, have none."""
    rows = ledger_of(game_day)
    playing = {team for team, plays in players(entries_of(rows)).items() if plays}
    scored: dict[int, set[int]] = {}
    for row in rows:
        if row.kind in _SCORED and row.round_id:
            scored.setdefault(row.round_id, set()).add(row.team_id)
    return [
        f"round {one.number}"
        for one in game_day.rounds.order_by("number")
        if one.pk in scored and playing - scored[one.pk]
    ]


def _freeze(actor: Actor, game_day: GameDay, reason: str) -> FinalStandings:
    rows = ledger_of(game_day)
    return FinalStandings.objects.create(
        game_day=game_day,
        edition=game_day.finals.count() + 1,
        through_seq=rows[-1].seq if rows else 0,
        standings=standings_now(rows),
        reason=reason,
        frozen_by_id=actor.person_id,
        frozen_at=database_now(),
    )


def _refuse_own_team(actor: Actor, team: Team) -> None:
    if team.pk in actor.team_roles:
        raise Refused(
            Refusal(
                "game.own_team",
                f"You are of {team.name}, and nobody gives points to their own team.",
                "Somebody of the jury who is not of that team does.",
            )
        )


def _reason(text: str) -> str:
    text = text.strip()
    if not 1 <= len(text) <= LONGEST_REASON:
        raise Invalid("reason", f"say why, in 1 to {LONGEST_REASON} characters")
    return text
