"""Game days through the API: plan, read and propose; what needs a person has no address."""

from __future__ import annotations

from datetime import timedelta

import pytest
from rest_framework.test import APIClient

from exercises.models.due_work import database_now
from exercises.services.game_ledger import score_due_rounds
from exercises.services.improvements import judge_improvement
from exercises.services.tokens import SCOPES, issue_token
from tests import build
from tests.gamedays.conftest import Play

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/game-days/"


def calls(play: Play, name: str) -> APIClient:
    """A client that calls with a token of that person."""
    _, secret = issue_token(
        actor=play.cast.actor(name), name="platform", scopes=list(SCOPES), days=1
    )
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


def planned(play: Play, **changes: object) -> dict[str, object]:
    starts_at = database_now() + timedelta(days=30)
    return {
        "slug": "ops", "name": "Ops game day", "region": build.REGION,
        "starts_at": starts_at.isoformat(), "ends_at": (starts_at + timedelta(hours=3)).isoformat(),
        "lead": play.cast.lead.email, "chaos_team": "chaos-crew",
        "teams": [play.team.slug, play.other.slug],
        "rounds": [
            {"title": "A broker falls", "starts_after_s": 0, "duration_s": 1800, "wave": 1},
            {"title": "Who is called?", "starts_after_s": 1800, "duration_s": 1800},
        ],
    } | changes  # fmt: skip


def test_a_game_day_is_planned_and_read(play: Play) -> None:
    made = calls(play, "lead").post(ROOT, planned(play, rules={"idea": 20}))
    assert made.status_code == 201, made.json()
    assert made.json()["teams"] == ["charging", "vehicle-telemetry"]
    assert made.json()["game_day"]["rules"]["idea"] == 20
    rounds = calls(play, "auditor").get(f"{ROOT}ops/").json()["rounds"]
    assert [(one["state"], one["title"]) for one in rounds] == [("sealed", None)] * 2
    assert len(calls(play, "auditor").get(ROOT, {"phase": "plan"}).json()["results"]) == 1
    assert calls(play, "owner").post(ROOT, planned(play)).status_code == 403


@pytest.mark.parametrize(
    ("changes", "field", "limit"),
    [
        ({"teams": ["charging"]}, "teams", "2 to 20 teams"),
        ({"teams": ["charging", "chaos-crew"]}, "chaos_team", "cannot play and make the chaos"),
        ({"rounds": []}, "rounds", "1 to 12 rounds"),
        ({"rules": {"idea": 1001}}, "rules.idea", "0 to 1,000"),
        (
            {"rounds": [{"title": "Late", "starts_after_s": 10000, "duration_s": 1800}]},
            "rounds[0].duration_s",
            "within the window",
        ),
    ],
)
def test_a_wrong_game_day_names_the_field_and_the_limit(
    play: Play,
    changes: dict[str, object],
    field: str,
    limit: str,
) -> None:
    refused = calls(play, "lead").post(ROOT, planned(play, **changes))
    assert refused.status_code == 422
    [error] = refused.json()["errors"]
    assert error["field"] == field
    assert limit in str(error)


def test_the_standings_count_again_from_the_ledger(play: Play) -> None:
    play.run(play.team, "telemetry-store", outside=5)
    score_due_rounds()
    board = calls(play, "auditor").get(f"{ROOT}autumn/standings/").json()
    entries = calls(play, "auditor").get(f"{ROOT}autumn/ledger/").json()["results"]
    assert board["through_entry"] == len(entries) == 5
    first = board["standings"][0]
    own = [entry["points"] for entry in entries if entry["team"] == first["team"]]
    assert (first["points"], first["by_round"]) == (sum(own), {"1": sum(own)})


def test_an_idea_is_proposed_by_a_token_and_judged_by_a_person(
    play: Play,
) -> None:
    ideas = f"{ROOT}autumn/improvements/"
    made = calls(play, "author").post(
        ideas, {"team": play.team.slug, "title": "Retry with jitter", "helps": "availability"}
    )
    assert (made.status_code, made.json()["accepted"]) == (201, None)
    other = {"team": play.other.slug, "title": "Not mine", "helps": "recovery"}
    assert calls(play, "author").post(ideas, other).status_code == 403
    assert calls(play, "lead").post(f"{ideas}{made.json()['id']}/judge/").status_code == 404
    judge_improvement(
        actor=play.as_jury(), improvement=play.game_day.improvements.get(), accept=True
    )
    assert calls(play, "author").get(ideas).json()["results"][0]["accepted"] is True


def test_rules_that_are_not_known_or_out_of_range_are_named(play: Play) -> None:
    bad = {"idea": 1001, "luck": 5, "thresholds": {"high": {"recovery": [1, 2, 3], "mood": 1}}}
    answer = calls(play, "lead").post(ROOT, planned(play, rules=bad))
    assert answer.status_code == 422
    named = {row["field"] for row in answer.json()["errors"]}
    assert named == {"rules.luck"}
    del bad["luck"]
    answer = calls(play, "lead").post(ROOT, planned(play, rules=bad))
    assert {row["field"] for row in answer.json()["errors"]} == {
        "rules.idea", "rules.thresholds.high.mood",
    }  # fmt: skip
    order = {"thresholds": {"high": {"recovery": [60, 30]}}}
    answer = calls(play, "lead").post(ROOT, planned(play, rules=order))
    assert answer.json()["errors"][0]["field"] == "rules.thresholds.high.recovery"


def test_a_game_day_has_a_tag(play: Play) -> None:
    reader = calls(play, "lead")
    reader.post(ROOT, planned(play))
    tag = reader.get(f"{ROOT}ops/")["ETag"]
    assert reader.get(f"{ROOT}ops/", headers={"If-None-Match": tag}).status_code == 304


def test_others_vote_once_and_the_board_and_the_rules_are_changed(play: Play) -> None:
    one = f"{ROOT}autumn/"
    made = calls(play, "author").post(
        f"{one}improvements/",
        {"team": play.team.slug, "title": "Retry with jitter", "helps": "availability"},
    )
    vote = f"{one}improvements/{made.json()['id']}/vote/"
    assert calls(play, "author").post(vote).json()["refusals"][0]["rule"] == "improvement.own"
    for _ in range(2):
        assert calls(play, "owner").post(vote).json()["votes"] == 1
    off = {"team": play.team.slug, "is_on": False}
    assert calls(play, "owner").put(f"{one}board/", off).status_code == 204
    assert calls(play, "owner").put(f"{one}board/", off).status_code == 409
    assert calls(play, "lead").post(f"{one}words/", {"text": "x" * 501}).status_code == 422
    assert calls(play, "lead").post(f"{one}words/", {"text": "Look."}).status_code == 201
    calls(play, "lead").post(ROOT, planned(play))
    rules = calls(play, "lead").put(f"{ROOT}ops/rules/", {"idea": 20})
    assert (rules.status_code, rules.json()["rules"]["idea"]) == (200, 20)
