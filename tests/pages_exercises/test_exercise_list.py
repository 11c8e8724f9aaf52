"""The list of exercises and planning one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.test import Client

from exercises.domain.exercise_phases import Phase
from exercises.models import Exercise
from tests import build
from tests.cast import Cast

Person = Callable[[str], Client]


def planned(cast: Cast, **changes: object) -> dict[str, object]:
    """What a complete form sends."""
    build.account()
    return {
        "name": "Cloud ITEE December 2033",
        "slug": "",
        "goal": "Know what one Availability Zone costs us.",
        "day": "2033-12-07",
        "starts": "09:30",
        "ends": "12:00",
        "timezone": "Europe/Berlin",
        "region": build.REGION,
        "az": "eu-central-1b",
        "lead": cast.lead.pk,
        "safety_officer": cast.safety.pk,
    } | changes


def test_a_list_without_exercises_says_who_plans_the_first(as_person: Person) -> None:
    assert "A programme lead plans the first one" in _text(as_person("author"), "/exercises/")
    assert "Plan exercise" in _text(as_person("lead"), "/exercises/")


def test_the_list_is_narrowed_by_phase_and_words(cast: Cast, as_person: Person) -> None:
    build.exercise(cast, slug="spring", phase=Phase.CLOSED)
    build.exercise(cast, slug="autumn", phase=Phase.APPROVE)
    client = as_person("author")
    past = _text(client, "/exercises/?phase=past")
    assert "Cloud ITEE spring" in past
    assert "Cloud ITEE autumn" not in past
    found = _text(client, "/exercises/?q=autumn")
    assert "Cloud ITEE autumn" in found
    assert "Cloud ITEE spring" not in found
    assert "Nothing matches" in _text(client, "/exercises/?phase=past&q=autumn")


def test_the_list_has_pages(cast: Cast, as_person: Person) -> None:
    for number in range(26):
        build.exercise(cast, slug=f"2026-{number}")
    client = as_person("author")
    assert "1 to 25 of 26" in _text(client, "/exercises/")
    assert "26 to 26 of 26" in _text(client, "/exercises/?page=2")
    assert client.get("/exercises/?page=nonsense").status_code == 200


def test_a_window_is_read_in_the_zone_of_the_exercise(cast: Cast, as_person: Person) -> None:
    answer = as_person("lead").post("/exercises/new/", planned(cast))
    exercise = Exercise.objects.get()
    assert answer["Location"] == f"/exercises/{exercise.slug}/participants/"
    assert exercise.slug == "cloud-itee-december-2033"
    assert exercise.starts_at == datetime(2033, 12, 7, 8, 30, tzinfo=UTC)
    assert exercise.ends_at == datetime(2033, 12, 7, 11, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("name", "", "required"),
        ("day", "tomorrow", "Enter a valid date"),
        ("day", "2020-01-01", "lies in the past"),
        ("ends", "09:00", "The end lies before the start"),
        ("timezone", "Mars/Olympus", "no time zone of this name"),
        ("region", "moon-1", "Select a valid choice"),
        ("az", "us-east-1a", "starts with eu-central-1"),
        ("slug", "taken", "is taken"),
        ("slug", "new", "choose another"),
    ],
)
def test_what_is_wrong_is_named_and_what_was_typed_stays(
    cast: Cast, as_person: Person, field: str, value: str, problem: str
) -> None:
    build.exercise(cast, slug="taken")
    answer = as_person("lead").post("/exercises/new/", planned(cast, **{field: value}))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert problem in page
    assert "Know what one Availability Zone costs us." in page
    assert Exercise.objects.count() == 1


def test_only_a_programme_lead_plans(cast: Cast, as_person: Person) -> None:
    author = as_person("author")
    assert author.get("/exercises/new/").status_code == 403
    assert author.post("/exercises/new/", planned(cast)).status_code == 403
    assert not Exercise.objects.exists()


def _text(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()
