"""Teams, deployments, who takes part and game days through the API, as on their pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from exercises.models import Deployment, Exercise, KeptAnswer, Membership, RunEvent
from tests import build
from tests.api.conftest import Caller
from tests.cast import Cast

pytestmark = pytest.mark.django_db
V1 = "/api/v1"


def test_a_team_is_created_and_people_come_and_go(cast: Cast, caller: Caller) -> None:
    lead = caller("lead")
    made = lead.post(f"{V1}/teams/", {"slug": "night", "name": "Night"})
    assert (made.status_code, made.json()["members"]) == (201, [])
    member = lead.post(f"{V1}/teams/night/members/", {"email": cast.author.email, "role": "owner"})
    assert member.status_code == 201, member.json()
    one = f"{V1}/teams/night/members/{member.json()['id']}/"
    tag = lead.get(one)["ETag"]
    last = lead.put(one, {"role": "member"}, headers={"If-Match": tag})
    assert (last.status_code, last.json()["refusals"][0]["rule"]) == (409, "team.last_owner")
    lead.post(f"{V1}/teams/night/members/", {"email": cast.owner.email, "role": "owner"})
    assert lead.put(one, {"role": "member"}, headers={"If-Match": tag}).json()["role"] == "member"
    late = lead.put(one, {"role": "operator"}, headers={"If-Match": tag})
    assert (late.status_code, late.json()["differences"][0]["theirs"]) == (412, "member")
    assert lead.delete(one).status_code == 204
    assert not Membership.objects.filter(team__slug="night", user=cast.author).exists()
    shown = caller("outsider").get(f"{V1}/teams/night/").json()
    assert [each["name"] for each in shown["members"]] == [cast.owner.name]
    assert "@" not in str(shown)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": "nobody@example.test", "role": "member"}, "email"),
        ({"email": "outsider@example.test", "role": "king"}, "role"),
        ({"email": "outsider@example.test", "role": "member", "since": 1}, "since"),
    ],
)
def test_a_member_that_is_wrong_is_named(
    cast: Cast, caller: Caller, body: dict[str, Any], field: str
) -> None:
    refused = caller("owner").post(f"{V1}/teams/{cast.team.slug}/members/", body)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)


def test_where_an_application_runs_is_registered_and_changed(cast: Cast, caller: Caller) -> None:
    there = build.deployment(cast)
    place = build.account("222222222222", "dev")
    owner, many = caller("owner"), f"{V1}/applications/{there.application.slug}/deployments/"
    body = {"account_id": "222222222222", "region": place.region, "tag_value": "broker"}
    assert owner.post(many, body | {"region": "mars"}).json()["errors"][0]["field"] == "account_id"
    made = owner.post(many, body)
    assert made.status_code == 201, made.json()
    one = f"{many}222222222222/{place.region}/"
    shown = owner.get(one)
    sent = {"tag_value": "other", "alarm_arns": ["no arn"]}
    assert owner.put(one, sent).json()["errors"][0]["field"] == "alarm_arns[0]"
    changed = owner.put(one, {"tag_value": "other"}, headers={"If-Match": shown["ETag"]})
    assert (changed.status_code, changed.json()["tag_value"]) == (200, "other")
    assert Deployment.objects.get(place=place).tag_value == "other"
    assert caller("outsider").put(one, {"tag_value": "mine"}).status_code == 403


def test_an_application_is_invited_answers_and_the_exercise_moves_on(
    cast: Cast, caller: Caller
) -> None:
    application = build.deployment(cast).application
    exercise = build.exercise(cast, opens_in=timedelta(days=10))
    one, lead = f"{V1}/exercises/{exercise.slug}", caller("lead")
    invited = lead.post(f"{one}/participants/", {"applications": [application.slug]})
    assert [each["application"] for each in invited.json()["participants"]] == [application.slug]
    answer = f"{one}/participants/{application.slug}/"
    refused = caller("operator").put(answer, {"answer": "accepted"})
    assert refused.json()["errors"][0]["field"] == "on_call"
    said = caller("operator").put(answer, {"answer": "accepted", "on_call": "Night shift"})
    assert (said.status_code, said.json()["answer"]) == (200, "accepted")
    assert lead.post(f"{one}/move/", {"to": "live"}).status_code == 422
    assert lead.put(f"{one}/no-go/", {"holds": "exercise"}).json() == {"holds": "exercise"}
    assert Exercise.objects.get(pk=exercise.pk).no_go_holds == "exercise"


def test_a_note_is_written_and_marked(cast: Cast, caller: Caller) -> None:
    exercise = build.exercise(cast)
    one, author = f"{V1}/exercises/{exercise.slug}", caller("author")
    made = author.post(f"{one}/notes/", {"text": "Retries pile up."})
    assert (made.status_code, made.json()["text"]) == (201, "Retries pile up.")
    event = RunEvent.objects.get(pk=made.json()["id"])
    for _ in range(2):
        assert author.put(f"{one}/events/{event.pk}/pin/").status_code == 204
    assert hasattr(RunEvent.objects.get(pk=event.pk), "pin")
    assert author.delete(f"{one}/events/{event.pk}/pin/").status_code == 204
    assert author.post(f"{one}/notes/", {"text": "x", "experiment": 99}).status_code == 422
    assert author.put(f"{one}/events/99/pin/").status_code == 404


def test_an_address_of_a_calendar_is_shown_once_and_revoked(cast: Cast, caller: Caller) -> None:
    author = caller("author")
    refused = author.post(f"{V1}/feeds/", {"what": "team"})
    assert refused.json()["errors"][0]["field"] == "team"
    made = author.post(f"{V1}/feeds/", {"what": "team", "team": cast.team.slug})
    assert (made.status_code, made.json()["team"]) == (201, cast.team.slug)
    path = "/" + made.json()["url"].split("/", 3)[3]
    assert Client().get(path).status_code == 200
    one = f"{V1}/feeds/{made.json()['id']}/"
    assert "url" not in author.get(one).json()
    assert caller("owner").post(f"{one}revoke/").status_code == 404
    assert author.post(f"{one}revoke/").json()["revoked_at"]
    assert Client().get(path).status_code == 404


def test_the_address_of_a_feed_is_in_no_answer_that_is_kept(cast: Cast, caller: Caller) -> None:
    author = caller("author")
    made, again = (
        author.post(f"{V1}/feeds/", {"what": "person"}, headers={"Idempotency-Key": "k"}).json()
        for _ in range(2)
    )
    assert made == again | {"url": made["url"]}
    secret = made["url"].split("/feed/")[1].removesuffix(".ics")
    assert secret not in str(KeptAnswer.objects.get().body)


def test_a_token_that_only_reads_revokes_no_feed(cast: Cast, caller: Caller) -> None:
    made = caller("author").post(f"{V1}/feeds/", {"what": "person"})
    one = f"{V1}/feeds/{made.json()['id']}/"
    assert caller("author", ("read",)).post(f"{one}revoke/").status_code == 403
    assert caller("author").get(one).json()["revoked_at"] is None


def test_the_words_of_a_report_are_written_on_top_of_what_was_read(
    cast: Cast, caller: Caller
) -> None:
    words, lead = f"{V1}/reports/2026-q3/words/", caller("lead")
    asked = {"headline": "Faster", "decisions": [{"title": "Fund retries"}], "based_on": 0}
    made = lead.post(words, asked)
    assert (made.status_code, made.json()["number"]) == (201, 1)
    assert made.json()["decisions"] == [{"title": "Fund retries", "detail": ""}]
    assert lead.post(words, asked).status_code == 409
    many = asked | {"decisions": [{"title": "One"}] * 6, "based_on": 1}
    assert lead.post(words, many).json()["errors"][0]["field"] == "decisions"
