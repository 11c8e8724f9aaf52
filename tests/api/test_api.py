"""The API's first slice: who gets in, what is seen, what is refused and how."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import get_resolver
from rest_framework.test import APIClient

from exercises.models import ApiToken, Exercise, Experiment, Run, User
from exercises.models.due_work import database_now
from exercises.services.propose import start_draft
from tests import build
from tests.api.conftest import Caller
from tests.cast import Cast

pytestmark = pytest.mark.django_db

PROBLEM = "application/problem+json"
WRITTEN = {
    "application": "mqtt-broker",
    "account_id": "111111111111",
    "region": build.REGION,
    "template": "stop-one-instance",
    "title": "Stop one broker",
    "hypothesis": "If one broker stops, then messages are delivered again within 2 minutes.",
    "parameters": {"minutes": 5},
    "az": "eu-central-1a",
    "slot_offset_s": 60,
    "target_cap": 3,
}


@pytest.fixture
def exercise(cast: Cast) -> Exercise:
    build.deployment(cast)
    build.template_version()
    return build.exercise(cast)


def test_without_a_token_nothing_is_said(cast: Cast) -> None:
    answer = APIClient().get("/api/v1/exercises/")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer["Content-Type"] == PROBLEM


@pytest.mark.parametrize("change", ["unknown", "revoked", "expired", "inactive"])
def test_a_token_that_is_not_valid_is_refused_with_the_same_words(
    cast: Cast, caller: Caller, change: str
) -> None:
    client = caller("author")
    if change == "unknown":
        client.credentials(HTTP_AUTHORIZATION="Bearer cpl_nothing")
    elif change == "revoked":
        ApiToken.objects.update(revoked_at=database_now())
    elif change == "expired":
        ApiToken.objects.update(expires_at=database_now() - timedelta(seconds=1))
    else:
        User.objects.update(is_active=False)
    answer = client.get("/api/v1/exercises/")
    assert answer.status_code == 401
    assert answer.json()["detail"] == "This token is not valid."


@pytest.mark.parametrize(
    ("scopes", "method", "path", "status"),
    [
        (("write",), "get", "/api/v1/exercises/", 403),
        (("read",), "post", "/api/v1/experiments/", 403),
        (("read",), "post", "/api/v1/exercises/2026-11/stop/", 403),
        (("stop",), "post", "/api/v1/exercises/2026-11/stop/", 200),
        (("write",), "post", "/api/v1/experiments/", 201),
    ],
)
def test_a_token_does_what_its_scopes_say(
    exercise: Exercise,
    caller: Caller,
    scopes: tuple[str, ...],
    method: str,
    path: str,
    status: int,
) -> None:
    body = WRITTEN | {"exercise": exercise.slug} if "experiments" in path else {}
    answer = getattr(caller("author", scopes), method)(path, body, format="json")
    assert answer.status_code == status, answer.json()


def test_an_experiment_is_drafted_and_proposed(exercise: Exercise, caller: Caller) -> None:
    client = caller("author")
    made = client.post("/api/v1/experiments/", WRITTEN | {"exercise": exercise.slug})
    assert made.status_code == 201, made.json()
    sent = client.post(f"/api/v1/experiments/{made.json()['id']}/propose/")
    assert sent.json()["status"] == "proposed"
    assert sent.json()["digest"]
    listed = client.get("/api/v1/experiments/", {"exercise": exercise.slug}).json()
    assert [row["code"] for row in listed["results"]] == [made.json()["code"]]
    decisions = client.get(f"/api/v1/experiments/{made.json()['id']}/decisions/").json()
    assert decisions["results"] == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"titel": "typo"}, "titel"),
        ({"title": ""}, "title"),
        ({"slot_offset_s": -1}, "slot_offset_s"),
        ({"target_cap": 101}, "target_cap"),
        ({"application": "nothing"}, "application"),
        ({"template": "nothing"}, "template"),
        ({"exercise": "nothing"}, "exercise"),
        ({"account_id": "1"}, "account_id"),
        ({"retest_of": "F-999"}, "retest_of"),
    ],
)
def test_a_field_that_is_wrong_is_named(
    exercise: Exercise, caller: Caller, change: dict[str, object], field: str
) -> None:
    body = WRITTEN | {"exercise": exercise.slug} | change
    answer = caller("author").post("/api/v1/experiments/", body)
    assert answer.status_code == 422
    assert answer["Content-Type"] == PROBLEM
    assert field in [row["field"] for row in answer.json()["errors"]]
    assert not Experiment.objects.exists()


def test_a_parameter_out_of_range_is_named_when_it_is_proposed(
    exercise: Exercise, caller: Caller
) -> None:
    client = caller("author")
    body = WRITTEN | {"exercise": exercise.slug, "parameters": {"minutes": 31}}
    made = client.post("/api/v1/experiments/", body)
    answer = client.post(f"/api/v1/experiments/{made.json()['id']}/propose/")
    assert answer.status_code == 422
    assert [row["field"] for row in answer.json()["errors"]] == ["parameters.minutes"]


@pytest.mark.parametrize(
    "text", ["{", '{"title": "a", "title": "b"}', '{"slot_offset_s": NaN}', "[" * 50 + "]" * 50]
)
def test_json_that_could_be_read_in_two_ways_is_refused(caller: Caller, text: str) -> None:
    answer = caller("author").post(
        "/api/v1/experiments/", text.encode(), content_type="application/json"
    )
    assert answer.status_code == 400
    assert answer["Content-Type"] == PROBLEM


def test_what_is_not_visible_is_not_found(cast: Cast, exercise: Exercise, caller: Caller) -> None:
    draft = start_draft(actor=cast.actor("author"), draft=build.draft(cast), exercise=exercise)
    path = f"/api/v1/experiments/{draft.pk}/"
    assert caller("author").get(path).status_code == 200
    assert caller("outsider").get(path).status_code == 404
    assert caller("outsider").get("/api/v1/experiments/").json()["results"] == []


def test_a_programme_lead_plans_an_exercise_and_others_do_not(cast: Cast, caller: Caller) -> None:
    starts = database_now() + timedelta(days=3)
    body = {
        "slug": "game-day",
        "name": "Game day",
        "starts_at": starts.isoformat(),
        "ends_at": (starts + timedelta(hours=2)).isoformat(),
        "region": build.REGION,
        "lead": cast.lead.email,
    }
    assert caller("author").post("/api/v1/exercises/", body).status_code == 403
    made = caller("lead").post("/api/v1/exercises/", body)
    assert made.status_code == 201, made.json()
    again = caller("lead").post("/api/v1/exercises/", body | {"ends_at": body["starts_at"]})
    assert {row["field"] for row in again.json()["errors"]} == {"slug", "ends_at"}


def test_a_rule_that_refuses_says_what_would_lift_it(
    cast: Cast, exercise: Exercise, caller: Caller
) -> None:
    Exercise.objects.filter(pk=exercise.pk).update(phase="debrief")
    answer = caller("author").post("/api/v1/experiments/", WRITTEN | {"exercise": exercise.slug})
    assert answer.status_code == 409
    (refusal,) = answer.json()["refusals"]
    assert set(refusal) == {"rule", "because", "lifted_by"}


def test_a_run_is_stopped_and_its_events_are_read(cast: Cast, caller: Caller) -> None:
    _, run = build.live(cast)
    client = caller("outsider")
    answer = client.post(f"/api/v1/runs/{run.pk}/stop/", {"reason": "pager"})
    assert answer.status_code == 200
    assert Run.objects.get(pk=run.pk).state == "cancelled"
    kinds = [row["kind"] for row in client.get(f"/api/v1/runs/{run.pk}/events/").json()["results"]]
    assert "stop.requested" in kinds
    assert client.get(f"/api/v1/runs/{run.pk}/samples/").json()["results"] == []


def test_a_template_version_is_published_from_text(exercise: Exercise, caller: Caller) -> None:
    path = "/api/v1/templates/stop-one-instance/versions/"
    bad = caller("lead").post(path, {"definition": '{"a": 1, "a": 2}', "rung": 1})
    assert bad.status_code == 422
    assert bad.json()["errors"][0]["field"] == "definition"
    assert caller("author").post(path, {"definition": "{}", "rung": 1}).status_code == 403


@pytest.mark.parametrize("path", ["exercises", "experiments", "runs", "templates", "findings"])
def test_a_list_costs_the_same_however_long_it_is(
    cast: Cast, caller: Caller, django_assert_num_queries: Any, path: str
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = caller("lead")
    build.live(cast)
    client.get(f"/api/v1/{path}/")
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(f"/api/v1/{path}/")
    where = Exercise.objects.get()
    Exercise.objects.filter(pk=where.pk).update(phase="approve")
    where.refresh_from_db()
    for number in range(5):
        build.proposed(cast, where, title=f"Experiment {number}")
        build.exercise(cast, slug=f"other-{number}")
    with CaptureQueriesContext(connection) as many:
        client.get(f"/api/v1/{path}/")
    assert len(many) == len(few)


def test_the_schema_has_no_warnings_and_covers_every_route(
    tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "schema.yaml"
    call_command("spectacular", "--file", str(out), "--validate", "--fail-on-warn")
    text = out.read_text()
    for resource in ("exercises", "experiments", "runs", "templates", "findings", "me"):
        assert f"/api/v1/{resource}/" in text
    assert get_resolver().reverse("api_docs") == "api/docs/"
