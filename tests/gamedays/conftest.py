"""A game day that is on: two teams, a chaos team, a round of injection and a table-top round."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from exercises.domain.actors import Actor, Door
from exercises.domain.capacities import TeamRole
from exercises.domain.game_rules import STANDARD, rules_to_json
from exercises.models import (
    Exercise,
    ExperimentRevision,
    GameDay,
    Membership,
    Run,
    Sample,
    Team,
    User,
)
from exercises.models.due_work import database_now
from exercises.permissions import actor_for
from exercises.services.game_days import RoundPlan, set_up
from tests import build, past
from tests.cast import Cast

ROUNDS = (
    RoundPlan("A broker falls", 0, 1800, wave=1, severity="critical", secret="One broker stops."),
    RoundPlan("Who is called?", 1800, 1800, secret="Nobody: the number was old."),
)


@dataclass
class Play:
    """A game day and the people around it."""

    game_day: GameDay
    cast: Cast
    chaos: Team
    jury: User

    @property
    def team(self) -> Team:
        return self.cast.team

    @property
    def other(self) -> Team:
        return self.cast.other_team

    @property
    def url(self) -> str:
        return f"/gamedays/{self.game_day.exercise.slug}/"

    def as_jury(self, door: Door = Door.PAGE) -> Actor:
        return actor_for(User.objects.get(pk=self.jury.pk), door)

    def phase(self, phase: str) -> None:
        Exercise.objects.filter(pk=self.game_day.exercise_id).update(phase=phase)
        self.game_day = GameDay.objects.select_related("exercise").get(pk=self.game_day.pk)

    def run(self, team: Team, slug: str, *, outside: int = 0, judged: bool = True) -> Run:
        """A run of ten minutes in the first round, outside its limits for the first minutes."""
        return played(self, team, slug, outside=outside, judged=judged)


def played(play: Play, team: Team, slug: str, *, outside: int, judged: bool) -> Run:
    run = past.run(play.cast, past.application(team, slug), past.version(), days_ago=1)
    run.experiment.exercise = play.game_day.exercise
    run.experiment.save(update_fields=["exercise"])
    started: datetime = play.game_day.exercise.starts_at
    ends = started + timedelta(minutes=10)
    run.revision = ExperimentRevision.objects.create(
        experiment=run.experiment,
        number=2,
        digest="0" * 64,
        plan={"steady_state": [build.PROBES[0]]},
        author=play.cast.lead,
    )
    run.started_at, run.ended_at, run.settle_until = started, ends, ends
    run.judged_at = ends if judged else None
    run.save(update_fields=["revision", "started_at", "ended_at", "settle_until", "judged_at"])
    Sample.objects.bulk_create(
        Sample(
            run=run,
            probe="delivered",
            at=started + timedelta(minutes=minute),
            value=90.0 if minute < outside else 99.9,
        )
        for minute in range(11)
    )
    return run


@pytest.fixture
def play(cast: Cast) -> Play:
    chaos = Team.objects.create(slug="chaos-crew", name="Chaos crew")
    jury = build.user("Chaos engineer")
    Membership.objects.create(user=jury, team=chaos, role=TeamRole.MEMBER.value)
    exercise = build.exercise(cast, slug="autumn", opens_in=timedelta(minutes=-20))
    Exercise.objects.filter(pk=exercise.pk).update(
        kind="game_day", phase="live", went_live_at=database_now(), name="Game day, autumn"
    )
    game_day = set_up(
        exercise_id=exercise.pk,
        chaos_team=chaos,
        teams=[cast.team, cast.other_team],
        rounds=ROUNDS,
        rules=rules_to_json(STANDARD),
    )
    return Play(GameDay.objects.select_related("exercise").get(pk=game_day.pk), cast, chaos, jury)
