"""Rounds without injection are played to their end, and a whole game day can be of them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from exercises.domain.errors import Refused
from exercises.models import Exercise, GameRound
from exercises.models.due_work import database_now
from exercises.services.debrief import open_due_debriefs
from exercises.services.go_live import go_live
from tests.gamedays.conftest import Play

pytestmark = pytest.mark.django_db


def phase_of(play: Play) -> str:
    return Exercise.objects.get(pk=play.game_day.exercise_id).phase


def began(play: Play, *, minutes_ago: int) -> None:
    now = database_now()
    Exercise.objects.filter(pk=play.game_day.exercise_id).update(
        starts_at=now - timedelta(minutes=minutes_ago), ends_at=now + timedelta(hours=4)
    )


@pytest.mark.parametrize(("minutes_ago", "phase"), [(50, "live"), (61, "debrief")])
def test_the_debrief_waits_for_the_last_table_top_round(
    play: Play, minutes_ago: int, phase: str
) -> None:
    play.run(play.team, "broker")
    play.phase("live")
    began(play, minutes_ago=minutes_ago)
    open_due_debriefs()
    assert phase_of(play) == phase


def test_stop_all_ends_the_table_top_rounds_too(play: Play) -> None:
    play.run(play.team, "broker")
    play.phase("live")
    began(play, minutes_ago=10)
    Exercise.objects.filter(pk=play.game_day.exercise_id).update(stopped_at=database_now())
    open_due_debriefs()
    assert phase_of(play) == "debrief"


def test_a_game_day_of_table_top_rounds_alone_goes_live_without_an_experiment(
    play: Play,
) -> None:
    lead = play.cast.actor("lead")
    play.phase("preflight")
    began(play, minutes_ago=1)
    exercise = play.game_day.exercise
    exercise.refresh_from_db()
    with pytest.raises(Refused, match="experiment"):
        go_live(actor=lead, exercise=exercise)
    GameRound.objects.filter(wave__isnull=False).update(wave=None)
    go_live(actor=lead, exercise=exercise)
    open_due_debriefs()
    assert phase_of(play) == "live"
    began(play, minutes_ago=61)
    open_due_debriefs()
    assert phase_of(play) == "debrief"


def test_its_lead_may_open_preflight_without_an_experiment(client: Client, play: Play) -> None:
    GameRound.objects.filter(wave__isnull=False).update(wave=None)
    play.phase("approve")
    client.force_login(play.cast.lead)
    address = reverse("exercise_detail", args=[play.game_day.exercise.slug])
    head = client.get(address).context["next_step"]
    assert head.why_not == ""
    GameRound.objects.filter(number=1).update(wave=1)
    assert "At least one experiment" in client.get(address).context["next_step"].why_not
