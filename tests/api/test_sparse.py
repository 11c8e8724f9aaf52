"""`?fields=`: only what was asked for, on lists and single things; unknown names are refused."""

from __future__ import annotations

import pytest
from drf_spectacular.generators import SchemaGenerator

from exercises.api.urls import router
from exercises.models import Finding
from exercises.models.due_work import database_now
from tests import build
from tests.api.conftest import Caller
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def test_a_list_and_a_single_thing_hold_only_the_fields_asked_for(
    cast: Cast, caller: Caller
) -> None:
    _, run = build.live(cast)
    client = caller("lead")
    listed = client.get("/api/v1/runs/?fields=id,state").json()
    assert [set(row) for row in listed["results"]] == [{"id", "state"}]
    assert client.get(f"/api/v1/runs/{run.pk}/?fields=verdict").json() == {"verdict": ""}
    lines = client.get(f"/api/v1/runs/{run.pk}/events/?fields=id,kind").json()["results"]
    assert {tuple(row) for row in lines} <= {("id", "kind")}
    onward = client.get(f"/api/v1/runs/{run.pk}/events/?fields=id&page_size=1").json()["next"]
    assert onward is None or "fields=id" in onward


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("id,sate", "'sate' is no field here; known are id, experiment"),
        ("id,", "'' is no field here"),
        ("", "is empty"),
        ("id&fields=state", "more than once"),
    ],
)
def test_a_field_that_is_not_there_is_refused_by_name(
    caller: Caller, asked: str, said: str
) -> None:
    """Also of a list without rows."""
    answer = caller("lead").get(f"/api/v1/runs/?fields={asked}")
    assert answer.status_code == 422
    (row,) = answer.json()["errors"]
    assert row["field"] == "fields"
    assert said in row["problem"]


def test_what_takes_no_fields_says_so(cast: Cast, caller: Caller) -> None:
    experiment = build.proposed(cast, build.exercise(cast))
    client = caller("lead")
    for answer in (
        client.get(f"/api/v1/experiments/{experiment.pk}/preflight/?fields=label"),
        client.post(f"/api/v1/experiments/{experiment.pk}/withdraw/?fields=id"),
    ):
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "fields"


def test_every_list_takes_fields(caller: Caller) -> None:
    lead, auditor = caller("lead"), caller("auditor")
    for prefix, _, _ in router.registry:
        client = auditor if prefix == "audit" else lead
        answer = client.get(f"/api/v1/{prefix}/?fields=nonsense").json()
        assert "'nonsense' is no field here" in answer["errors"][0]["problem"], prefix


def test_what_is_written_of_a_finding_stays_its_own_words_in_part(
    cast: Cast, caller: Caller
) -> None:
    where, run = build.live(cast)
    finding = Finding.objects.create(
        exercise=where,
        application=run.experiment.application,
        title="Clients do not come back",
        failure_family="instance-loss",
        created_at=database_now(),
    )
    shown = caller("lead").get(f"/api/v1/findings/{finding.pk}/?fields=title,exercise").json()
    assert set(shown) == {"title", "exercise"}
    assert shown["title"] == finding.title


def test_the_document_names_the_fields() -> None:
    document = SchemaGenerator().get_schema(request=None, public=True)
    for path in ("/api/v1/runs/", "/api/v1/runs/{id}/", "/api/v1/runs/{id}/events/"):
        named = {each["name"]: each for each in document["paths"][path]["get"]["parameters"]}
        assert "id" in named["fields"]["schema"]["items"]["enum"]
