"""Plan a game day, set its rules, let teams opt out, say a word to all, say "we see it"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from exercises.domain.actors import Actor
from exercises.domain.errors import Conflict, Invalid, Refusal, Refused
from exercises.domain.exercise_phases import BEFORE_LIVE, Phase
from exercises.domain.game_rules import (
    MOST_ROUNDS,
    MOST_TEAMS,
    SEVERITIES,
    rules_from_json,
    rules_to_json,
)
from exercises.domain.score_ledger import EntryKind
from exercises.models import GameDay, GameRound, RunEvent, ScoreEntry, Team, User
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.queries.game_ledger import entries_of, ledger_of, players
from exercises.queries.game_rounds import SEEN, RoundNow, rounds_of
from exercises.services.audit import record
from exercises.services.exercises import plan_exercise
from exercises.services.game_ledger import is_frozen, lock_game_day, write
from exercises.services.run_events import append_event

MOST_WAVES: Final = 20
LONGEST_WORD: Final = 500


@dataclass(frozen=True, slots=True)
class RoundPlan:
    """One round as it is planned. Without a wave it is table-top."""

    title: str
    starts_after_s: int
    duration_s: int
    wave: int | None = None
    severity: str = "high"
    secret: str = ""


def plan_game_day(
    *,
    actor: Actor,
    slug: str,
    name: str,
    starts_at: datetime,
    ends_at: datetime,
    timezone: str,
    region: str,
    lead: User,
    safety_officer: User | None,
    chaos_team: Team,
    teams: Sequence[Team],
    rounds: Sequence[RoundPlan],
    rules: object = None,
    goal: str = "",
    az: str = "",
) -> GameDay:
    """Create the exercise and the game on top of it; its teams are in from the start.

    Raises Invalid (every field at fault), NotAllowed.
    """
    authorize(actor, "gameday.plan")
    read = rules_from_json({} if rules is None else rules)
    problems = _team_problems(chaos_team, teams)
    problems += round_problems(rounds, lasts_s=(ends_at - starts_at).total_seconds())
    if problems:
        raise Invalid.of(problems)
    with transaction.atomic():
        exercise = plan_exercise(
            actor=actor,
            slug=slug,
            name=name,
            starts_at=starts_at,
            ends_at=ends_at,
            timezone=timezone,
            region=region,
            az=az,
            lead=lead,
            safety_officer=safety_officer,
            goal=goal,
        )
        exercise.kind = "game_day"
        exercise.save(update_fields=["kind"])
        game_day = set_up(
            exercise_id=exercise.pk, chaos_team=chaos_team, teams=teams, rounds=rounds,
            rules=rules_to_json(read),
        )  # fmt: skip
        record(
            actor,
            "gameday.plan",
            game_day,
            chaos_team=chaos_team.slug,
            teams=[team.slug for team in teams],
            rounds=len(rounds),
        )
    return game_day


def set_up(
    *,
    exercise_id: int,
    chaos_team: Team,
    teams: Sequence[Team],
    rounds: Sequence[RoundPlan],
    rules: dict[str, object],
    at: datetime | None = None,
) -> GameDay:
    """The rows of a game day on an exercise that is there; also used for what is imported."""
    game_day = GameDay.objects.create(exercise_id=exercise_id, chaos_team=chaos_team, rules=rules)
    _put_rounds(game_day, rounds)
    for team in teams:
        write(game_day, EntryKind.JOINED, team=team, at=at or database_now())
    return game_day


def _put_rounds(game_day: GameDay, rounds: Sequence[RoundPlan]) -> None:
    GameRound.objects.bulk_create(
        GameRound(
            game_day=game_day,
            number=number,
            title=plan.title.strip(),
            secret=plan.secret.strip(),
            wave=plan.wave,
            severity=plan.severity,
            starts_after_s=plan.starts_after_s,
            duration_s=plan.duration_s,
        )
        for number, plan in enumerate(rounds, 1)
    )


def _team_problems(chaos_team: Team, teams: Sequence[Team]) -> list[tuple[str, str]]:
    problems = []
    if not 2 <= len(teams) <= MOST_TEAMS:
        problems.append(("teams", f"2 to {MOST_TEAMS} teams play"))
    if len({team.pk for team in teams}) != len(teams):
        problems.append(("teams", "a team plays once"))
    if chaos_team in teams:
        problems.append(("chaos_team", f"{chaos_team.name} cannot play and make the chaos"))
    return problems


def round_problems(rounds: Sequence[RoundPlan], *, lasts_s: float) -> list[tuple[str, str]]:
    """Everything that is wrong with these rounds, as (field, problem)."""
    problems: list[tuple[str, str]] = []
    if not 1 <= len(rounds) <= MOST_ROUNDS:
        problems.append(("rounds", f"1 to {MOST_ROUNDS} rounds"))
    waves = [plan.wave for plan in rounds if plan.wave is not None]
    ended_s = 0
    for index, plan in enumerate(rounds):
        place = f"rounds[{index}]"
        if not 1 <= len(plan.title.strip()) <= 120:
            problems.append((f"{place}.title", "1 to 120 characters"))
        if len(plan.secret) > 500:
            problems.append((f"{place}.secret", "at most 500 characters"))
        if plan.severity not in SEVERITIES:
            problems.append((f"{place}.severity", f"one of {', '.join(SEVERITIES)}"))
        if plan.wave is not None and not 1 <= plan.wave <= MOST_WAVES:
            problems.append((f"{place}.wave", f"1 to {MOST_WAVES}, or none for table-top"))
        elif plan.wave is not None and waves.count(plan.wave) > 1:
            problems.append((f"{place}.wave", "each wave is one round"))
        if plan.duration_s < 60:
            problems.append((f"{place}.duration_s", "at least 60 seconds"))
        if plan.starts_after_s < ended_s:
            problems.append((f"{place}.starts_after_s", "begins after the round before it"))
        ended_s = plan.starts_after_s + plan.duration_s
        if ended_s > lasts_s:
            problems.append((f"{place}.duration_s", "ends within the window"))
    return problems


def change_rules(*, actor: Actor, game_day: GameDay, rules: object) -> GameDay:
    """Other points and thresholds, until the exercise goes live.

    Raises NotAllowed, Invalid (every field at fault), Refused (live).
    """
    authorize(actor, "gameday.change", game_day)
    read = rules_to_json(rules_from_json(rules))
    with transaction.atomic():
        locked = lock_game_day(game_day.pk)
        if locked.exercise.phase not in BEFORE_LIVE:
            raise Refused(
                Refusal(
                    "game.rules_fixed",
                    "The rules are fixed once the game day is live.",
                    "What was scored wrong is put right by a correction in the ledger.",
                )
            )
        before, locked.rules = locked.rules, read
        locked.save(update_fields=["rules"])
        record(actor, "gameday.rules", locked, before=before, after=read)
    return locked


def opt(*, actor: Actor, game_day: GameDay, team: Team, out: bool) -> ScoreEntry:
    """Take a team off the board, or back onto it. It says so in the ledger; what it earned
    stays there. Raises NotAllowed, Conflict (it does not play, or is there already)."""
    authorize(actor, "gameday.opt", team)
    with transaction.atomic():
        locked = lock_game_day(game_day.pk)
        refuse_frozen(locked)
        plays = players(entries_of(ledger_of(locked))).get(team.pk)
        if plays is None:
            raise Conflict(f"{team.name} has no part in this game day")
        if plays is not out:
            raise Conflict(f"{team.name} is {'off' if out else 'on'} the board already")
        kind = EntryKind.OPTED_OUT if out else EntryKind.OPTED_IN
        entry = write(locked, kind, team=team, author_id=actor.user_id)
        record(actor, "gameday.opt_out" if out else "gameday.opt_in", locked, team=team.slug)
    return entry


def refuse_frozen(game_day: GameDay) -> None:
    """Raises Conflict once the final standings are frozen."""
    if is_frozen(game_day):
        raise Conflict("the final standings are frozen: only corrections follow")


def say(*, actor: Actor, game_day: GameDay, text: str) -> RunEvent:
    """A word of the chaos crew to all. Raises NotAllowed, Invalid."""
    authorize(actor, "gameday.jury", game_day)
    if not 1 <= len(text.strip()) <= LONGEST_WORD:
        raise Invalid("text", f"1 to {LONGEST_WORD} characters")
    with transaction.atomic():
        event = append_event(
            exercise=game_day.exercise,
            kind="game.word",
            text=text.strip(),
            source=game_day.chaos_team.name,
            author_id=actor.user_id,
        )
        record(actor, "gameday.say", game_day, text=text.strip())
    return event


def see_it(*, actor: Actor, game_day: GameDay, team: Team) -> RunEvent:
    """A team says that it sees the fault: what detection is measured by.

    Raises NotAllowed, Conflict (it does not play, nothing of its runs, or it said so already).
    """
    authorize(actor, "gameday.see", team)
    now = database_now()
    with transaction.atomic():
        locked = lock_game_day(game_day.pk)
        if not players(entries_of(ledger_of(locked))).get(team.pk):
            raise Conflict(f"{team.name} is not on the board")
        if locked.exercise.phase != Phase.LIVE.value:
            raise Conflict("the game day is not live")
        on = _round_to_see(rounds_of(locked, now=now), team)
        if said_in(locked, team.pk, on.number):
            raise Conflict(f"{team.name} said so in this round already")
        event = append_event(
            exercise=locked.exercise,
            kind=SEEN,
            text=f"{team.name} sees it.",
            source=actor.name,
            author_id=actor.user_id,
            at=now,
            team=team.pk,
            round=on.number,
        )
        record(actor, "gameday.see", locked, team=team.slug, round=on.number)
    return event


def said_in(game_day: GameDay, team_id: int, number: int) -> bool:
    """Whether the team has said in this round that it sees it."""
    said: dict[str, Any] = {"details__team": team_id, "details__round": number}
    return RunEvent.objects.filter(exercise=game_day.exercise_id, kind=SEEN, **said).exists()


def _round_to_see(rounds: Sequence[RoundNow], team: Team) -> RoundNow:
    for one in reversed(rounds):
        if one.state == "now" and not one.round.is_table_top:
            return one
    raise Conflict("no round of injection is on")
