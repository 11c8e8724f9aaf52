"""Blameless mode holds in game days: pages, pushed pieces, ledger, CSV and API name nobody."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse

from exercises.models import Exercise, Improvement, User
from exercises.models.due_work import database_now
from exercises.queries.game_board import BoardView
from exercises.services.blameless import set_blameless
from exercises.services.game_scores import freeze_standings, give_points
from exercises.services.improvements import judge_improvement
from exercises.web.game_fragments import drawn
from tests.gamedays.conftest import Play
from tests.gamedays.test_ledger import idea
from tests.gamedays.test_pages import page, sent

NAMES = ("Alex Quillwort", "Robin Marlstone", "Sam Thistledown")


def everything(client: Client, play: Play, of: Improvement) -> str:
    """All that the game day shows of itself, to somebody who only looks."""
    api = f"/api/v1/game-days/{play.game_day.exercise.slug}/"
    pages = [
        reverse("gameday_list"),
        play.url,
        play.url + "wall/",
        play.url + "rules/",
        play.url + "ledger/",
        play.url + "ledger.csv",
        reverse("gameday_idea", args=["autumn", of.pk]),
        api,
        api + "standings/",
        api + "ledger/",
        api + "improvements/",
    ]
    pushed = drawn(BoardView(play.game_day.exercise_id), now=database_now()).pieces
    shown = [page(client, play.cast.outsider, url) for url in pages]
    return "\n".join([*shown, *pushed.values()])


def test_nobody_is_named_in_a_game_day_in_blameless_mode(client: Client, play: Play) -> None:
    author, jury, lead = play.cast.author, play.jury, play.cast.lead
    for person, name in zip((author, jury, lead), NAMES, strict=True):
        User.objects.filter(pk=person.pk).update(name=name)
        person.refresh_from_db()
    Exercise.objects.filter(pk=play.game_day.exercise_id).update(goal=f"What {NAMES[0]} asked")
    of = idea(play, title=f"An alarm for {NAMES[0]}", body=f"{NAMES[0]} is called too late.")
    sent(client, jury, play.url + "words/", text=f"{NAMES[1]} says: look at the cache.")
    judge_improvement(
        actor=play.as_jury(), improvement=of, accept=True, reason=f"As {NAMES[1]} said."
    )
    play.phase("debrief")
    who = play.cast.actor("lead")
    for team in (play.team, play.other):
        give_points(
            actor=who, game_day=play.game_day, one=play.game_day.rounds.get(number=2),
            team=team, points=5, reason=f"{NAMES[2]} saw it.",
        )  # fmt: skip
    freeze_standings(actor=who, game_day=play.game_day)
    named = everything(client, play, of)
    assert [name for name in NAMES if name not in named] == []
    set_blameless(actor=who, is_on=True)
    told = everything(client, play, of)
    assert [name for name in NAMES if name in told] == []
    assert "Member of Chaos crew" in told
