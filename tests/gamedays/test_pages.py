"""The pages of game days: what each person sees and may press, and that nothing grows."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from exercises.models import Exercise, GameDay, ScoreEntry, User
from exercises.models.due_work import database_now
from exercises.queries.game_board import BoardView
from exercises.services.game_ledger import score_due_rounds
from exercises.services.improvements import judge_improvement
from exercises.web.game_fragments import drawn
from tests.gamedays.conftest import Play
from tests.gamedays.test_ledger import finished, idea, table_top

pytestmark = pytest.mark.django_db


def page(client: Client, user: User, url: str, status: int = 200) -> str:
    client.force_login(user)
    response = client.get(url)
    assert response.status_code == status, response.content.decode()[-800:]
    return response.content.decode()


def sent(client: Client, user: User, url: str, status: int = 302, **data: Any) -> str:
    client.force_login(user)
    response = client.post(url, data)
    assert response.status_code == status, response.content.decode()[-800:]
    return response.content.decode()


def test_the_board_shows_points_availability_and_every_round(client: Client, play: Play) -> None:
    play.run(play.team, "telemetry-store", outside=5)
    play.run(play.other, "charging-api", judged=False)
    score_due_rounds()
    html = page(client, play.cast.auditor, play.url)
    assert "Round 1 of 2" in html
    assert "50.00 %" in html
    assert "100.0 % in this round so far" in html
    assert "5 m" in html
    assert "2. Sealed" in html
    assert "Who is called?" not in html
    assert "Who is called?" in page(client, play.jury, play.url)
    assert "Who is called?" not in page(client, play.jury, play.url + "wall/")


def test_every_page_of_a_game_day_opens(client: Client, play: Play) -> None:
    finished(play)
    for part in ("", "wall/", "rules/", "ledger/", "?ideas=new", "?ideas=accepted"):
        page(client, play.cast.lead, play.url + part)
    page(client, play.cast.lead, reverse("gameday_correct", args=["autumn", 3]))
    page(client, play.cast.lead, reverse("gameday_correct", args=["autumn", 1]), status=404)
    assert "Game day, autumn" in page(client, play.cast.auditor, reverse("gameday_list"))
    assert "Final standings" in page(client, play.cast.auditor, play.url)


def test_what_is_pushed_is_what_the_page_has(client: Client, play: Play) -> None:
    play.run(play.team, "telemetry-store", outside=5)
    idea(play)
    score_due_rounds()
    html = page(client, play.cast.auditor, play.url)
    pieces = drawn(BoardView(play.game_day.exercise_id), now=database_now()).pieces
    assert set(pieces) >= {"gd-state", "gd-since", "gd-board", "gd-rounds", "gd-words", "gd-ideas"}
    for name, piece in pieces.items():
        assert f'id="{name}"' in html
        assert piece in html


def test_the_board_takes_a_constant_number_of_queries(client: Client, play: Play) -> None:
    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            page(client, play.cast.auditor, play.url)
        return len(queries)

    play.run(play.team, "telemetry-store", outside=5)
    score_due_rounds()
    idea(play)
    page(client, play.cast.auditor, play.url)
    before = count()
    play.phase("debrief")
    for number in range(4):
        play.run(play.other, f"charging-{number}")
        idea(play, title=f"Another {number}")
    table_top(play)
    play.phase("live")
    assert count() <= before


def test_a_team_proposes_and_another_judges_by_the_pages(client: Client, play: Play) -> None:
    url = play.url + "propose/"
    assert "title" in sent(client, play.cast.author, url, 422, title="", helps="detection")
    sent(
        client, play.cast.author, url, title="Alarm per endpoint", helps="detection",
        team=str(play.team.pk), body="<script>alert(1)</script>",
    )  # fmt: skip
    found = play.game_day.improvements.get()
    own = reverse("gameday_idea", args=["autumn", found.pk])
    assert "&lt;script&gt;" in page(client, play.jury, own)
    assert "Judge it" in page(client, play.jury, own)
    assert "Judge it" not in page(client, play.cast.author, own)
    assert "say why not" in sent(client, play.jury, own + "judge/", 422, reason="")
    sent(client, play.cast.author, own + "judge/", 403, accept="1")
    sent(client, play.jury, own + "judge/", accept="1")
    assert "Accepted by Chaos engineer" in page(client, play.cast.author, own)
    page(client, play.cast.outsider, url)
    page(client, play.cast.auditor, url, status=403)


def test_the_page_says_plainly_that_nobody_judges_their_own(client: Client, play: Play) -> None:
    play.cast.lead.memberships.create(team=play.team, role="member")
    own = reverse("gameday_idea", args=["autumn", idea(play).pk])
    html = page(client, play.cast.lead, own)
    assert "Nobody judges their own" in html
    assert "Judge it" not in html
    assert "nobody judges their own" in sent(
        client, play.cast.lead, own + "judge/", 409, accept="1"
    )


def test_the_jury_gives_points_corrects_and_freezes_by_the_pages(
    client: Client, play: Play
) -> None:
    play.phase("debrief")
    lead = play.cast.lead
    give: dict[str, Any] = {"round": "2", "reason": "Well found."}
    for team in (play.team, play.other):
        sent(client, lead, play.url + "points/", team=str(team.pk), points="70", **give)
    beyond = sent(
        client, lead, play.url + "points/", 422, team=str(play.team.pk), points="11", **give
    )
    assert "1 to 10 for a bonus" in beyond
    correct = reverse("gameday_correct", args=["autumn", 3])
    assert "0 to 90" in sent(client, lead, correct, 422, points="91", reason="More.")
    sent(client, lead, correct, points="80", reason="Miscounted.")
    sent(client, lead, play.url + "freeze/")
    assert play.game_day.finals.get().standings[0]["points"] == 80
    sent(client, play.jury, play.url + "freeze/", 403)
    sent(client, lead, play.url + "points/", 409, team=str(play.team.pk), points="5", **give)


def test_words_opting_out_and_seeing_go_by_the_board(client: Client, play: Play) -> None:
    sent(client, play.jury, play.url + "words/", text="Look at what is cached.")
    assert "1 to 500 characters" in sent(client, play.jury, play.url + "words/", 422, text="")
    assert "Look at what is cached." in page(client, play.cast.author, play.url)
    team = play.team.slug
    assert "Take us off the board" in page(client, play.cast.owner, play.url)
    sent(client, play.cast.owner, play.url + "opt/", team=team, to="out")
    assert "Back onto the board" in page(client, play.cast.owner, play.url)
    sent(client, play.cast.owner, play.url + "opt/", team=team, to="in")
    run = play.run(play.team, "telemetry-store", outside=5, judged=False)
    run.settle_until = database_now() + timedelta(minutes=5)
    run.save(update_fields=["settle_until"])
    assert "We see it" in page(client, play.cast.author, play.url)
    sent(client, play.cast.author, play.url + "seen/", team=team)
    assert "We see it" not in page(client, play.cast.author, play.url)
    assert "Vehicle Telemetry sees it." in page(client, play.cast.auditor, play.url)
    sent(client, play.cast.author, play.url + "seen/", 409, team=team)


def test_the_ledger_as_csv_is_no_formula(client: Client, play: Play) -> None:
    idea_of = idea(play, title="=cmd|' /C calc'!A0")
    client.force_login(play.jury)
    client.post(reverse("gameday_judge", args=["autumn", idea_of.pk]), {"accept": "1"})
    response = client.get(play.url + "ledger.csv")
    rows = list(csv.DictReader(io.StringIO(response.content.decode())))
    assert [row["kind"] for row in rows] == ["joined", "joined", "idea"]
    assert rows[2]["reason"] == "'=cmd|' /C calc'!A0"


def test_what_a_jury_accepted_stays_on_the_page_of_its_team(client: Client, play: Play) -> None:
    good, other = idea(play), idea(play, title="Restart it every night")
    judge_improvement(actor=play.as_jury(), improvement=good, accept=True)
    judge_improvement(actor=play.as_jury(), improvement=other, accept=False, reason="No.")
    assert "Accepted, 10 points" in page(client, play.cast.author, play.url)
    html = page(client, play.cast.author, reverse("team_detail", args=[play.team.slug]))
    assert "Alarm per endpoint" in html
    assert "Restart it every night" not in html


PLAN: dict[str, Any] = {
    "name": "Ops game day", "day": "2031-03-11", "starts": "09:00", "ends": "13:00",
    "timezone": "Europe/Berlin", "region": "eu-central-1",
    "rounds-TOTAL_FORMS": "6", "rounds-INITIAL_FORMS": "0",
    "rounds-0-title": "A broker falls", "rounds-0-kind": "1", "rounds-0-severity": "high",
    "rounds-0-minutes": "30", "rounds-1-title": "Who is called?", "rounds-1-kind": "table_top",
    "rounds-1-severity": "low", "rounds-1-minutes": "20",
} | {
    f"rounds-{row}-{name}": value
    for row in range(2, 6)
    for name, value in (("kind", "table_top"), ("severity", "high"), ("minutes", "30"))
}  # fmt: skip


def test_a_lead_plans_a_game_day_with_its_rounds(client: Client, play: Play) -> None:
    from tests import build

    build.account()
    people: dict[str, Any] = {"lead": str(play.cast.lead.pk), "chaos_team": str(play.chaos.pk)}
    teams = [str(play.team.pk), str(play.other.pk)]
    url = reverse("gameday_new")
    page(client, play.cast.owner, url, status=403)
    page(client, play.cast.lead, url)
    few = sent(client, play.cast.lead, url, 422, **PLAN, **people, teams=teams[:1])
    assert "2 to 20 teams play" in few
    again = PLAN | {"rounds-1-kind": "1"}
    twice = sent(client, play.cast.lead, url, 422, **again, **people, teams=teams)
    assert "each wave is one round" in twice
    sent(client, play.cast.lead, url, **PLAN, **people, teams=teams)
    planned = GameDay.objects.get(exercise__slug="ops-game-day")
    assert planned.exercise.kind == "game_day"
    first, second = planned.rounds.all()
    assert (first.wave, second.wave, second.starts_after_s) == (1, None, 1800)
    assert ScoreEntry.objects.filter(game_day=planned, kind="joined").count() == 2


def test_the_rules_are_changed_on_their_page_until_it_is_live(client: Client, play: Play) -> None:
    url = play.url + "rules/"
    assert "Change the rules" not in page(client, play.cast.lead, url)
    Exercise.objects.filter(pk=play.game_day.exercise_id).update(phase="approve")
    html = page(client, play.cast.lead, url)
    assert "Change the rules" in html
    fields: dict[str, Any] = {
        name: str(value)
        for severity in ("critical", "high", "medium", "low")
        for what in ("detection", "recovery")
        for name, value in ((f"{severity}_{what}_full", 5), (f"{severity}_{what}_none", 50))
    } | {"availability": "60", "detection": "15", "recovery": "15", "idea": "20",
         "table_top": "90", "bonus": "10"}  # fmt: skip
    wrong = sent(client, play.cast.lead, url, 422, **fields | {"low_recovery_none": "4"})
    assert "the first smaller" in wrong
    sent(client, play.cast.lead, url, **fields)
    play.game_day.refresh_from_db()
    assert play.game_day.rules["idea"] == 20
    sent(client, play.cast.owner, url, 403, **fields)


def test_the_ledger_offers_a_correction_of_every_entry_that_carries_points(
    client: Client, play: Play
) -> None:
    finished(play)
    html = page(client, play.cast.lead, play.url + "ledger/")
    assert reverse("gameday_correct", args=["autumn", 3]) in html
    assert reverse("gameday_correct", args=["autumn", 1]) not in html
    assert "Vehicle Telemetry" in html
    assert "Correct" not in page(client, play.cast.auditor, play.url + "ledger/")
