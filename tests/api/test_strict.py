"""What is sent in another shape than the schema says is refused by name, never guessed."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import QueryDict
from rest_framework import serializers

from exercises.api.representations import ProblemOut
from exercises.api.strict import StrictSerializer
from exercises.models import Team
from tests.api.conftest import Caller
from tests.cast import Cast

pytestmark = pytest.mark.django_db


class Everything(StrictSerializer):
    name = serializers.CharField(required=False, allow_null=True)
    tags = serializers.ListField(child=serializers.CharField(), required=False)
    count = serializers.IntegerField(required=False)
    share = serializers.FloatField(required=False)
    on = serializers.BooleanField(required=False)
    pace = serializers.ChoiceField(choices=["soon", "daily"], required=False)
    days = serializers.MultipleChoiceField(choices=["mon", "tue"], required=False)
    team = serializers.SlugRelatedField(
        slug_field="slug", queryset=Team.objects.all(), required=False
    )
    teams = serializers.SlugRelatedField(
        slug_field="slug", queryset=Team.objects.all(), required=False, many=True
    )


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        ({"name": 0}, "must be text"),
        ({"tags": ["a", 0]}, "each item: must be text"),
        ({"count": "5"}, "must be a whole number"),
        ({"count": True}, "must be a whole number"),
        ({"count": 1.5}, "must be a whole number"),
        ({"share": "0.5"}, "must be a number"),
        ({"on": "yes"}, "must be true or false"),
        ({"pace": 1}, "must be text"),
        ({"days": {}}, "must be a list"),
        ({"team": 0}, "must be text"),
        ({"teams": [0]}, "each item: must be text"),
        ({"nam": "x"}, "is not a field of this resource"),
    ],
)
def test_another_type_than_the_fields_is_refused(sent: dict[str, Any], problem: str) -> None:
    asked = Everything(data=sent)
    assert not asked.is_valid()
    ((field, problems),) = asked.errors.items()
    assert field in sent
    assert [str(each) for each in problems] == [problem]


def test_what_is_of_the_fields_type_is_taken() -> None:
    sent = {"name": None, "tags": ["a"], "count": 5.0, "share": 1, "on": True, "pace": "soon"}
    assert Everything(data=sent).is_valid()


def test_a_parameter_without_a_value_is_refused() -> None:
    asked = Everything(data=QueryDict("name=&count=5"))
    assert not asked.is_valid()
    assert asked.errors == {"name": ["is empty; leave it out instead"]}


def test_an_address_carries_text_for_every_type() -> None:
    assert Everything(data=QueryDict("on=true&count=5")).is_valid()


@pytest.mark.parametrize(
    ("query", "field", "problem"),
    [
        ("page_size=0", "page_size", "from 1 to 100"),
        ("page_size=101", "page_size", "from 1 to 100"),
        ("page_size=null", "page_size", "from 1 to 100"),
        ("fase=live", "fase", "known are phase"),
        ("phase=", "phase", "is empty"),
        ("phase=live&phase=closed", "phase", "more than once"),
        ("phase=flying", "phase", "flying is not one of the available choices"),
    ],
)
def test_a_parameter_that_would_filter_nothing_is_refused(
    caller: Caller, query: str, field: str, problem: str
) -> None:
    answer = caller("lead").get(f"/api/v1/exercises/?{query}")
    assert answer.status_code == 422
    (row,) = answer.json()["errors"]
    assert row["field"] == field
    assert problem in row["problem"]


def test_a_truth_value_is_true_or_false(caller: Caller) -> None:
    answer = caller("lead").get("/api/v1/notices/?unread=1")
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"field": "unread", "problem": "true or false"}]


@pytest.mark.parametrize(
    ("instant", "status"),
    [
        ("4092-01-06T17:12:36+22:13", 200),
        ("2026-11-21T10:00:00-23:59", 200),
        ("0001-01-01T00:00:00+23:59", 422),
        ("9999-12-31T23:59:59-23:59", 422),
        ("tomorrow", 422),
    ],
)
@pytest.mark.parametrize("address", ["freezes/?ends_after", "exercises/?starts_before"])
def test_an_instant_is_taken_with_any_offset(
    caller: Caller, address: str, instant: str, status: int
) -> None:
    path, name = address.split("?")
    answer = caller("lead", ("read",)).get(f"/api/v1/{path}", {name: instant})
    assert answer.status_code == status, answer.content
    assert status == 200 or answer.json()["errors"][0]["field"] == name


def test_every_problem_is_as_the_schema_says(caller: Caller, cast: Cast) -> None:
    answer = caller("lead").post("/api/v1/freezes/", {"name": 0})
    said = ProblemOut(data=answer.json())
    assert said.is_valid(), said.errors
    assert set(answer.json()) <= set(said.fields)


def test_options_is_no_address_of_the_api(caller: Caller) -> None:
    answer = caller("lead").options("/api/v1/applications/mqtt-broker/objectives/")
    assert answer.status_code == 405
