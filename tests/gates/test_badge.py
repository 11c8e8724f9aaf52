"""The badge: who sees it, what it says, and that it holds no script."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from django.test import Client

from exercises.models import Application, AuditEntry
from tests import past
from tests.api.conftest import Caller, caller
from tests.cast import Cast

pytestmark = pytest.mark.django_db
__all__ = ["caller"]
URL = "/badges/mqtt-broker.svg"
SETTING = "/api/v1/applications/mqtt-broker/badge/"
PAGE = "/settings/applications/mqtt-broker/badge/"


@pytest.fixture
def broker(cast: Cast) -> Application:
    where = past.application(cast.team, "mqtt-broker", tags=("ec2",))
    past.run(cast, where, past.version(), days_ago=3)
    return where


def words_of(svg: bytes) -> tuple[str, list[str]]:
    root = ET.fromstring(svg)
    names = {"s": "http://www.w3.org/2000/svg"}
    title = root.findtext("s:title", namespaces=names) or ""
    return title, [text.text or "" for text in root.findall(".//s:text", names)]


def test_nobody_learns_without_a_token_which_badges_there_are(broker: Application) -> None:
    kept, missing = Client().get(URL), Client().get("/badges/nothing.svg")
    assert kept.status_code == missing.status_code == 401
    told = [answer.json() for answer in (kept, missing)]
    assert told[0].pop("request_id") != told[1].pop("request_id")
    assert told[0] == told[1]


def test_a_token_or_a_session_shows_it(broker: Application, cast: Cast, caller: Caller) -> None:
    answer = caller("outsider", ("read",)).get(URL)
    title, words = words_of(answer.content)
    assert title.startswith("Resilience of Mqtt broker: fresh until ")
    assert words == ["resilience", "fresh"]
    assert answer["Content-Type"] == "image/svg+xml; charset=utf-8"
    assert answer["Cache-Control"] == "private, max-age=300"
    client = Client()
    client.force_login(cast.outsider)
    assert client.get(URL).status_code == 200
    assert client.get("/badges/nothing.svg").status_code == 404
    assert caller("outsider", ("stop",)).get(URL).status_code == 403


def test_its_team_shows_it_to_everybody_and_takes_that_back(
    broker: Application, caller: Caller
) -> None:
    owner = caller("owner", ("write",))
    assert owner.put(SETTING, {"is_public": True}, format="json").json() == {"is_public": True}
    seen = Client().get(URL)
    assert (seen.status_code, seen["Cache-Control"]) == (200, "public, max-age=300")
    assert "default-src" in seen["Content-Security-Policy"]
    assert b"script" not in seen.content
    assert AuditEntry.objects.filter(action="application.badge").count() == 1
    owner.put(SETTING, {"is_public": False}, format="json")
    assert Client().get(URL).status_code == 401


@pytest.mark.parametrize("who", ["author", "lead", "outsider"])
def test_only_who_answers_for_the_team_says_so(
    broker: Application, caller: Caller, who: str
) -> None:
    answer = caller(who, ("write",)).put(SETTING, {"is_public": True}, format="json")
    assert answer.status_code == 403
    assert "operator or owner of the team" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "field"), [({}, "is_public"), ({"is_public": "maybe"}, "is_public"), ({"to": 1}, "to")]
)
def test_what_is_sent_wrong_is_named(
    broker: Application, caller: Caller, body: dict[str, object], field: str
) -> None:
    answer = caller("owner", ("write",)).put(SETTING, body, format="json")
    assert answer.status_code == 422
    assert field in {row["field"] for row in answer.json()["errors"]}


def test_its_words_are_text_whatever_the_name(broker: Application, cast: Cast) -> None:
    Application.objects.update(name='</title><script>alert("x")</script>&')
    client = Client()
    client.force_login(cast.owner)
    svg = client.get(URL).content
    assert b"<script" not in svg
    assert 'script>alert("x")' in words_of(svg)[0]
    page = client.get(PAGE).content
    assert b"<script>alert" not in page


def test_the_page_shows_it_and_the_team_changes_who_sees_it(
    broker: Application, cast: Cast
) -> None:
    client = Client()
    client.force_login(cast.outsider)
    page = client.get(PAGE).content.decode()
    assert "chaosplane/application: mqtt-broker" in page
    assert "Show it to everybody" not in page
    assert client.post(PAGE, {"public": "yes"}).status_code == 403
    client.force_login(cast.operator)
    assert "Show it to everybody" in client.get(PAGE).content.decode()
    answer = client.post(PAGE, {"public": "yes"}, follow=True)
    assert "The badge is shown to everybody." in answer.content.decode()
    assert Application.objects.get().badge_is_public
