"""ETag, If-None-Match, If-Match: who read something else changes nothing, and sees what differs."""

from __future__ import annotations

import copy
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from exercises.models import Application, AuditEntry, FreezeWindow
from exercises.models.due_work import database_now
from exercises.services.propose import start_draft
from tests import build
from tests.api.conftest import Caller
from tests.cast import Cast

BROKER = "/api/v1/applications/mqtt-broker/"


def wanted(**changes: Any) -> dict[str, Any]:
    return {"name": "Broker", "team": "vehicle-telemetry", "tier": 1, **changes}


@pytest.fixture
def client(cast: Cast, caller: Caller) -> APIClient:
    build.deployment(cast)
    return caller("lead")


@pytest.mark.django_db
def test_a_tag_is_of_what_is_shown_and_an_edit_answers_with_the_next(client: APIClient) -> None:
    first = client.get(BROKER)["ETag"]
    assert first == client.get(BROKER)["ETag"]
    assert first.startswith('"')
    changed = client.put(BROKER, wanted(), headers={"If-Match": first})
    assert changed.status_code == 200
    assert changed["ETag"] == client.get(BROKER)["ETag"] != first


@pytest.mark.django_db
def test_what_the_reader_has_is_not_sent_again(client: APIClient) -> None:
    tag = client.get(BROKER)["ETag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = client.get(BROKER, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
    assert client.get(BROKER, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.django_db
def test_in_part_it_has_no_tag(client: APIClient) -> None:
    assert not client.get(f"{BROKER}?fields=slug").has_header("ETag")


@pytest.mark.django_db
@pytest.mark.parametrize("said", ['"other"', "nonsense", "W/{tag}"])
def test_an_edit_of_what_is_no_longer_there_is_refused_with_what_differs(
    client: APIClient, said: str
) -> None:
    tag = client.get(BROKER)["ETag"]
    before, audited = Application.objects.get(slug="mqtt-broker"), AuditEntry.objects.count()
    answer = client.put(BROKER, wanted(name="Mine"), headers={"If-Match": said.format(tag=tag)})
    assert answer.status_code == 412
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["ETag"] == tag
    problem = answer.json()
    assert problem["code"] == "changed"
    assert {"field": "name", "yours": "Mine", "theirs": before.name} in problem["differences"]
    assert "team" not in {each["field"] for each in problem["differences"]}
    assert Application.objects.get(slug="mqtt-broker").name == before.name
    assert AuditEntry.objects.count() == audited


@pytest.mark.django_db
def test_what_differs_is_not_told_to_a_token_that_may_not_read(
    client: APIClient, caller: Caller
) -> None:
    writer, asked = caller("lead", ("write",)), {"If-Match": '"other"'}
    answer = writer.put(BROKER, wanted(name="Mine"), headers=asked)
    assert (answer.status_code, answer.json()["differences"]) == (412, [])
    freeze = "/api/v1/desired-state/freezes/Peak/"
    window = {"starts_at": "2035-12-20T00:00Z", "ends_at": "2036-01-07T00:00Z"}
    assert client.put(freeze, window).status_code == 201
    for condition in (asked, {"If-None-Match": "*"}):
        late = writer.put(freeze, window | {"reason": "Mine"}, headers=condition)
        assert (late.status_code, late.json()["differences"]) == (412, [])


@pytest.mark.django_db
def test_without_a_condition_an_edit_is_as_ever(client: APIClient) -> None:
    assert client.put(BROKER, wanted()).status_code == 200
    assert client.put(BROKER, wanted(name="B"), headers={"If-Match": "*"}).status_code == 200


@pytest.mark.django_db
def test_the_same_instant_in_other_words_is_no_difference(cast: Cast, caller: Caller) -> None:
    day = database_now().replace(microsecond=0) + timedelta(days=9)
    freeze = FreezeWindow.objects.create(
        name="Freeze", environments=["dev"], starts_at=day, ends_at=day + timedelta(days=1),
        declared_by=cast.lead,
    )  # fmt: skip
    answer = caller("lead").put(
        f"/api/v1/freezes/{freeze.pk}/",
        {
            "name": "Freeze",
            "environments": ["dev"],
            "starts_at": day.isoformat(),
            "ends_at": (day + timedelta(days=2)).isoformat(),
        },
        headers={"If-Match": '"other"'},
    )
    assert answer.status_code == 412
    assert [each["field"] for each in answer.json()["differences"]] == ["ends_at"]


@pytest.mark.django_db
def test_everything_that_is_written_anew_heeds_the_condition(
    cast: Cast, caller: Caller, client: APIClient
) -> None:
    """The experiment with its own lock, after that of its exercise."""
    build.template_version()
    draft = start_draft(
        actor=cast.actor("author"), draft=build.draft(cast), exercise=build.exercise(cast)
    )
    path, author = f"/api/v1/experiments/{draft.pk}/", caller("author")
    shown = author.get(path)
    sent = {
        name: shown.json()[name]
        for name in (
            "application", "account_id", "region", "template", "hypothesis", "parameters", "az",
            "slot_offset_s", "target_cap",
        )
    }  # fmt: skip
    stale = {"If-Match": shown["ETag"]}
    assert author.put(path, {**sent, "title": "One"}, headers=stale).status_code == 200
    refused = author.put(path, {**sent, "title": "Two"}, headers=stale)
    assert refused.status_code == 412
    assert refused.json()["differences"] == [{"field": "title", "yours": "Two", "theirs": "One"}]


@pytest.mark.django_db
def test_where_nobody_looks_at_a_condition_it_is_refused_by_name(client: APIClient) -> None:
    answer = client.put(f"{BROKER}dependencies/", {}, headers={"If-Match": "*"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "If-Match"


@pytest.mark.django_db(transaction=True)
def test_of_two_who_read_the_same_only_one_writes(client: APIClient) -> None:
    tag, start, answers = client.get(BROKER)["ETag"], Barrier(4), []

    def write(name: str) -> None:
        start.wait()
        answer = client.put(BROKER, wanted(name=name), headers={"If-Match": tag})
        answers.append((answer.status_code, name))
        connection.close()

    writers = [Thread(target=write, args=(f"Broker {number}",)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(code for code, _ in answers) == [200, 412, 412, 412]
    (winner,) = [name for code, name in answers if code == 200]
    assert Application.objects.get(slug="mqtt-broker").name == winner


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "first", "second"),
    [
        ("me/wishes/", {"pace": "soon", "muted": []}, {"pace": "daily"}),
        ("notice-policy/", {}, {}),
    ],
)
def test_what_there_is_one_of_has_a_tag_too(
    cast: Cast, caller: Caller, path: str, first: dict[str, Any], second: dict[str, Any]
) -> None:
    lead, one = caller("lead"), f"/api/v1/{path}"
    shown = lead.get(one)
    assert lead.get(one, headers={"If-None-Match": shown["ETag"]}).status_code == 304
    if path == "notice-policy/":
        first, second = shown.json(), copy.deepcopy(shown.json())
        second["rules"][min(second["rules"])] = {}
    written = lead.put(one, {**shown.json(), **second}, headers={"If-Match": shown["ETag"]})
    assert written.status_code == 200, written.json()
    assert written["ETag"] == lead.get(one)["ETag"] != shown["ETag"]
    late = lead.put(one, {**shown.json(), **first}, headers={"If-Match": shown["ETag"]})
    assert late.status_code == 412
    assert lead.get(one)["ETag"] == written["ETag"]


@pytest.mark.django_db
def test_what_an_experiment_was_written_for_stays(cast: Cast, caller: Caller) -> None:
    """A field that would be dropped in silence is refused; the same value again is none."""
    author = caller("author")
    experiment = start_draft(
        actor=cast.actor("author"), draft=build.draft(cast), exercise=build.exercise(cast)
    )
    one = f"/api/v1/experiments/{experiment.pk}/"
    shown = author.get(one).json()
    names = (
        "application", "account_id", "region", "template", "title", "hypothesis", "parameters",
        "slot_offset_s", "target_cap", "exercise",
    )  # fmt: skip
    sent = {name: shown[name] for name in names}
    assert author.put(one, sent).status_code == 200
    answer = author.put(
        one, sent | {"exercise": "other", "retest_of": "F-3", "starts_at": "2031-01-01T00:00Z"}
    )
    assert answer.status_code == 422
    assert [row["field"] for row in answer.json()["errors"]] == [
        "exercise", "starts_at", "retest_of",
    ]  # fmt: skip
    assert answer.json()["errors"][0]["problem"].startswith(f"stays {shown['exercise']}: ")
