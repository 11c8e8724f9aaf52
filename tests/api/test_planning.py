"""The calendar, conflicts, free slots and dependencies through the API."""

from __future__ import annotations

from datetime import timedelta

import pytest

from exercises.models import Application
from exercises.models.due_work import database_now
from tests import build
from tests.api.conftest import Caller
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def span(days: float = 30) -> dict[str, str]:
    now = database_now()
    return {
        "since": (now - timedelta(days=days)).isoformat(),
        "until": (now + timedelta(days=days)).isoformat(),
    }


def test_the_calendar_lists_what_lies_between_two_instants(cast: Cast, caller: Caller) -> None:
    exercise = build.exercise(cast, opens_in=timedelta(days=10))
    client = caller("outsider", scopes=("read",))
    answer = client.get("/api/v1/calendar/", span())
    assert answer.status_code == 200, answer.json()
    assert {row["exercise"] for row in answer.json()} == {exercise.slug}
    assert len(client.get("/api/v1/calendar/", span() | {"team": "charging"}).json()) == 0
    assert caller("outsider", scopes=("write",)).get("/api/v1/calendar/").status_code == 403


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"until": "2020-01-01T00:00Z"}, "until"),
        ({"until": "2099-01-01T00:00Z"}, "until"),
        ({"since": "yesterday"}, "since"),
        ({"team": "nobody"}, "team"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_span_that_makes_no_sense_is_named(
    cast: Cast, caller: Caller, change: dict[str, str], field: str
) -> None:
    answer = caller("author").get("/api/v1/calendar/", span() | change)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_conflicts_and_free_slots_are_answered_for_who_sees_them(
    cast: Cast, caller: Caller
) -> None:
    exercise = build.exercise(cast, opens_in=timedelta(hours=1))
    build.proposed(cast, exercise, title="First", slot_offset_s=0)
    second = build.proposed(cast, exercise, title="Second", slot_offset_s=0)
    client = caller("author")
    found = client.get(f"/api/v1/exercises/{exercise.slug}/conflicts/").json()
    assert [(row["shared"], row["level"]) for row in found] == [("application", "block")]
    assert len(found[0]["experiments"]) == 2
    free = client.get(f"/api/v1/experiments/{second.pk}/free-slots/").json()["starts_at"]
    assert len(free) == 10
    assert client.get("/api/v1/exercises/nothing/conflicts/").status_code == 404
    assert client.get("/api/v1/experiments/999999/free-slots/").status_code == 404


def test_dependencies_are_read_and_written_and_a_circle_is_refused(
    cast: Cast, caller: Caller
) -> None:
    for slug in ("app-a", "app-b"):
        build.deployment(cast, slug=slug)
    owner = caller("owner")
    first, second = (f"/api/v1/applications/{slug}/dependencies/" for slug in ("app-a", "app-b"))
    saved = owner.put(first, {"depends_on": ["app-b"]}, format="json")
    assert saved.json() == {"depends_on": ["app-b"], "needed_by": []}
    assert owner.get(second).json() == {"depends_on": [], "needed_by": ["app-a"]}
    for wrong in (["app-a"], ["nothing"]):
        answer = owner.put(second, {"depends_on": wrong}, format="json")
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "depends_on"
    refused = caller("author").put(first, {"depends_on": []}, format="json")
    assert refused.status_code == 403
    assert Application.objects.get(slug="app-a").depends_on.count() == 1
