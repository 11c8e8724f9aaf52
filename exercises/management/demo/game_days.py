"""The demo's game days: last month's edition was played for points, and one is ahead.

The points of the first round are those that the rules find in the samples of the edition's own
imported runs; what people said, gave and judged is told here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db import transaction

from exercises.domain.game_rules import STANDARD, rules_to_json
from exercises.domain.score_ledger import EntryKind
from exercises.management.demo.people import LEAD, owner_of
from exercises.management.demo.programme import RULE
from exercises.management.demo.world import World
from exercises.models import (
    Exercise,
    FinalStandings,
    GameDay,
    GameRound,
    Improvement,
    ImprovementJudgement,
    ImprovementVote,
    Run,
    RunEvent,
    Team,
)
from exercises.models.due_work import database_now
from exercises.queries.game_ledger import ledger_of, standings_now
from exercises.queries.game_rounds import SEEN
from exercises.services.audit import record
from exercises.services.game_days import RoundPlan, plan_game_day, set_up
from exercises.services.game_ledger import score_rounds, write
from exercises.services.system import SYSTEM

CHAOS: Final = "charging"
JURY: Final = "Charging owner"
PLAYED: Final = ("vehicle-telemetry", "developer-platform", "customer-identity")
AHEAD: Final = (*PLAYED, "configurator-platform")
DAYS_AHEAD: Final = 23

ROUNDS_PLAYED: Final = (
    RoundPlan("Something is gone", 360, 5400, 1, "critical",
              "A whole zone for the broker, one server for the others."),
    RoundPlan("Nobody answers the phone", 5760, 1500, None, "high",
              "The on-call list was a year old."),
    RoundPlan("Who may press Stop?", 7260, 1500, None, "high", "Everybody in the room."),
)  # fmt: skip
ROUNDS_AHEAD: Final = (
    RoundPlan("Slow, but only for some", 0, 1800, 1, "high", "One broker answers late."),
    RoundPlan("What is it?", 2400, 1800, 2, "critical", "Two faults at once."),
    RoundPlan("The region is gone", 4800, 1800, None, "high", "Restore from nothing."),
)
# Minutes from the fault until the team said so; points of the two table-top rounds.
SEEN_AFTER_MIN: Final = {"vehicle-telemetry": 4, "developer-platform": 1, "customer-identity": 2}
TABLE_TOP: Final = {
    "vehicle-telemetry": (82, 74),
    "developer-platform": (66, 80),
    "customer-identity": (71, 77),
}


@dataclass(frozen=True, slots=True)
class Idea:
    """An improvement, who proposed it, in which round, and what the jury said."""

    team: str
    by: str
    round: int
    title: str
    helps: str
    votes: int
    is_accepted: bool = True
    reason: str = ""


IDEAS: Final = (
    Idea("vehicle-telemetry", "Telemetry engineer", 1,
         "Alarm on the number of clusters, not on messages alone", "detection", 4),
    Idea("customer-identity", "Identity engineer", 1,
         "Runbook step: drain one zone before a restart", "recovery", 3),
    Idea("developer-platform", "Developer platform engineer", 2,
         "Show the last deployment on the status page", "detection", 2),
    Idea("vehicle-telemetry", "Telemetry on-call", 3,
         "Restart every broker once a night", "availability", 1, is_accepted=False,
         reason="It would hide the split brain instead of ending it."),
)  # fmt: skip
WORDS: Final = (
    (6, "Round 1 has begun. Something is gone, and not everywhere the same."),
    (30, "A hint for all: count what should be one."),
    (96, "Round 2: nothing is broken but the phone."),
)


def seed_game_days(world: World) -> None:
    """Both, once; one that is ahead again when the last one has gone by."""
    last = Exercise.objects.filter(is_imported=True).order_by("-starts_at").first()
    if last is not None and not GameDay.objects.filter(exercise__is_imported=True).exists():
        with transaction.atomic():
            _play(world, last)
    now = database_now()
    if not GameDay.objects.filter(exercise__starts_at__gt=now).exists():
        _plan(world, now)


def _play(world: World, exercise: Exercise) -> None:
    teams = {team.slug: team for team in Team.objects.filter(slug__in=(*PLAYED, CHAOS))}
    day = set_up(
        exercise_id=exercise.pk,
        chaos_team=teams[CHAOS],
        teams=[teams[slug] for slug in PLAYED],
        rounds=ROUNDS_PLAYED,
        rules=rules_to_json(STANDARD),
        at=exercise.starts_at - timedelta(days=7),
    )
    rounds = {one.number: one for one in day.rounds.all()}
    _say(world, exercise, teams)
    score_rounds(game_day_id=day.pk, at=exercise.starts_at + timedelta(minutes=96))
    for number in (2, 3):
        for slug in PLAYED:
            write(
                day, EntryKind.TABLE_TOP, team=teams[slug], round=rounds[number],
                points=TABLE_TOP[slug][number - 2], author=world.people[JURY],
                reason="Found who to ask, and in which order.",
                at=exercise.starts_at + timedelta(minutes=100 + 25 * (number - 1)),
            )  # fmt: skip
    _ideas(world, day, rounds, teams)
    rows = ledger_of(day)
    FinalStandings.objects.create(
        game_day=day,
        edition=1,
        through_seq=rows[-1].seq,
        standings=standings_now(rows),
        frozen_by=world.lead,
        frozen_at=exercise.ended_at or exercise.ends_at,
    )
    record(SYSTEM, "gameday.import", day, entries=len(rows))


def _say(world: World, exercise: Exercise, teams: Mapping[str, Team]) -> None:
    """What the chaos crew said, and when each team said that it saw the fault."""
    lines = [
        RunEvent(
            exercise=exercise, at=exercise.starts_at + timedelta(minutes=minute),
            kind="game.word", text=text, source=teams[CHAOS].name, author=world.people[JURY],
        )
        for minute, text in WORDS
    ]  # fmt: skip
    for run in Run.objects.filter(experiment__exercise=exercise, started_at__isnull=False):
        team = run.experiment.application.team
        after = timedelta(minutes=SEEN_AFTER_MIN[team.slug])
        lines.append(
            RunEvent(
                exercise=exercise,
                at=(run.started_at or exercise.starts_at) + after,
                kind=SEEN,
                text=f"{team.name} sees it.",
                source=owner_of(team.slug),
                details={"team": team.pk, "round": 1},
            )
        )
    RunEvent.objects.bulk_create(sorted(lines, key=lambda line: line.at))


def _ideas(
    world: World, day: GameDay, rounds: Mapping[int, GameRound], teams: Mapping[str, Team]
) -> None:
    at = day.exercise.starts_at + timedelta(minutes=150)
    for number, told in enumerate(IDEAS):
        idea = Improvement.objects.create(
            game_day=day, round=rounds[told.round], team=teams[told.team], title=told.title,
            helps=told.helps, proposed_by=world.people[told.by],
            proposed_at=at + timedelta(minutes=number),
        )  # fmt: skip
        judged_at = at + timedelta(minutes=20 + number)
        ImprovementJudgement.objects.create(
            improvement=idea, is_accepted=told.is_accepted, reason=told.reason,
            judged_by=world.people[JURY], judged_at=judged_at,
        )  # fmt: skip
        ImprovementVote.objects.bulk_create(
            ImprovementVote(improvement=idea, voter=voter, voted_at=judged_at)
            for name, voter in sorted(world.people.items())[: told.votes]
            if name != told.by
        )
        if told.is_accepted:
            write(
                day, EntryKind.IDEA, team=teams[told.team], round=rounds[told.round],
                improvement=idea, points=STANDARD.idea, reason=told.title,
                author=world.people[JURY], at=judged_at,
            )  # fmt: skip


def _plan(world: World, now: datetime) -> None:
    """Three weeks ahead, from half past nine where the programme is."""
    day = now.astimezone(ZoneInfo(RULE.timezone)) + timedelta(days=DAYS_AHEAD)
    starts_at = day.replace(hour=9, minute=30, second=0, microsecond=0)
    teams = {team.slug: team for team in Team.objects.filter(slug__in=(*AHEAD, CHAOS))}
    plan_game_day(
        actor=world.actor(LEAD),
        slug=f"game-day-{starts_at:%Y-%m-%d}",
        name=f"Ops game day {starts_at:%B %Y}",
        goal="Four teams keep their services up while the chaos crew plays. Points for "
        "availability, and for ideas that make operations better.",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=3),
        timezone=RULE.timezone,
        region=world.region,
        lead=world.lead,
        safety_officer=world.safety_officer,
        chaos_team=teams[CHAOS],
        teams=[teams[slug] for slug in AHEAD],
        rounds=ROUNDS_AHEAD,
    )
