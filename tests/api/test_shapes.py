"""The OpenAPI document says of what is sent exactly what the API reads."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator

from tests.api.conftest import Caller


@cache
def document() -> dict[str, Any]:
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return found


def sent(name: str) -> dict[str, Any]:
    found: dict[str, Any] = document()["components"]["schemas"][name]
    return found


def parameter(path: str, name: str) -> dict[str, Any]:
    rows = document()["paths"][path]["get"]["parameters"]
    (found,) = (row["schema"] for row in rows if row["name"] == name)
    return dict(found)


def test_a_body_takes_no_field_that_it_does_not_name() -> None:
    assert sent("ApplicationIn")["additionalProperties"] is False


def test_a_text_that_may_not_be_blank_says_so() -> None:
    name = sent("ApplicationIn")["properties"]["name"]
    assert (name["minLength"], name["pattern"]) == (1, r"\S")
    assert "minLength" not in sent("ExerciseIn")["properties"]["goal"]


def test_an_integer_is_as_large_as_json_keeps_it() -> None:
    assert sent("ExperimentIn")["properties"]["template_version"]["maximum"] == 2**53 - 1


def test_a_filter_is_never_empty_and_never_a_fraction() -> None:
    assert parameter("/api/v1/experiments/", "application")["minLength"] == 1
    assert parameter("/api/v1/findings/", "severity")["maximum"] == 10**15 - 1


def test_a_body_with_needed_fields_is_needed_itself() -> None:
    paths = document()["paths"]
    for path in ("/api/v1/desired-state/", "/api/v1/desired-state/freezes/{name}/"):
        assert paths[path]["put"]["requestBody"]["required"] is True
    assert "required" not in paths["/api/v1/runs/{id}/stop/"]["post"]["requestBody"]


def test_what_is_no_page_is_not_promised_as_one() -> None:
    read = document()["paths"]["/api/v1/accounts/{account_id}/az-readiness/"]["get"]
    shown = read["responses"]["200"]["content"]["application/json"]["schema"]
    assert shown["type"] == "array"
    assert {row["name"] for row in read["parameters"]} == {"account_id", "region"}


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/v1/desired-state/", "/api/v1/findings/"])
def test_an_empty_format_is_not_the_same_as_none(caller: Caller, path: str) -> None:
    answer = caller("lead").get(path, {"format": ""})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"field": "format", "problem": "is empty; leave it out instead"}
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("value", ["0.5", "1e3", "9" * 16, "NaN", " 1"])
def test_a_number_filter_takes_a_whole_number_only(caller: Caller, value: str) -> None:
    answer = caller("author").get("/api/v1/findings/", {"severity": value})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"field": "severity", "problem": "a whole number of at most 15 digits"}
    ]


@pytest.mark.django_db
def test_an_empty_name_of_another_thing_is_neither_null_nor_left_out(caller: Caller) -> None:
    answer = caller("author").post("/api/v1/finding-views/", {"name": "Ours", "team": ""})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"field": "team", "problem": "is empty; send null or leave it out"}
    ]
