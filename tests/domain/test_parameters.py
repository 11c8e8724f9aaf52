"""Answers are checked against the template's questions; placeholders take their values."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercises.domain.errors import Invalid
from exercises.domain.parameters import clean, fill, specs_from_json

OUTAGE = {
    "name": "outage_min",
    "label": "Out for",
    "kind": "minutes",
    "default": 20,
    "required": True,
    "minimum": 5,
    "maximum": 30,
    "unit": "min",
}
SCHEMA: list[dict[str, object]] = [
    OUTAGE,
    {"name": "percentage", "kind": "int", "minimum": 1, "maximum": 100, "default": 50},
    {"name": "scope", "kind": "choice", "choices": ["all", "s3"], "default": "all"},
    {"name": "zone", "kind": "az"},
    {"name": "roles", "kind": "list"},
    {"name": "tag_key", "kind": "text", "required": True},
]


def problems_of(call, *args):
    with pytest.raises(Invalid) as error:
        call(*args)
    return dict(error.value.problems)


def test_answers_take_their_kind_and_defaults_step_in():
    specs = specs_from_json(SCHEMA)
    raw = {"outage_min": " 30 ", "zone": "eu-central-1a", "roles": "a, b\nc", "tag_key": " Key "}
    assert clean(specs, raw) == {
        "outage_min": 30,
        "percentage": 50,
        "scope": "all",
        "zone": "eu-central-1a",
        "roles": ["a", "b", "c"],
        "tag_key": "Key",
    }


def test_an_optional_answer_may_be_left_out():
    assert "zone" not in clean(specs_from_json(SCHEMA), {"tag_key": "k", "zone": ""})


def test_every_wrong_answer_is_named_with_what_would_be_right():
    raw = {"outage_min": 31, "percentage": 0, "scope": "vpc", "zone": "mars", "other": 1}
    assert problems_of(clean, specs_from_json(SCHEMA), raw) == {
        "parameters.outage_min": "5 to 30 minutes",
        "parameters.percentage": "1 to 100",
        "parameters.scope": "one of all, s3",
        "parameters.zone": "an Availability Zone, for instance euc1-az2 or eu-central-1a",
        "parameters.tag_key": "up to 200 characters on one line",
        "parameters.other": "is no parameter of this template",
    }


@pytest.mark.parametrize("value", [True, 5.5, "5.0", "1e1", "x", [], {}, "9" * 5000, "\u0665"])
def test_only_whole_numbers_are_numbers(value):
    specs = specs_from_json([OUTAGE | {"default": None}])
    assert "parameters.outage_min" in problems_of(clean, specs, {"outage_min": value})


@pytest.mark.parametrize("text", ["a\nb", "\x1b[31m", "{{az}}", "x" * 201])
def test_text_is_one_plain_line(text):
    specs = specs_from_json([{"name": "tag", "kind": "text", "required": True}])
    assert "parameters.tag" in problems_of(clean, specs, {"tag": text})


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "Outage"}, "name"),
        ({"name": None}, "name"),
        ({"kind": "float"}, "kind"),
        ({"minimum": "5"}, "minimum"),
        ({"minimum": True}, "minimum"),
        ({"minimum": 31}, "minimum"),
        ({"default": 4}, "default"),
        ({"default": "soon"}, "default"),
        ({"required": "yes"}, "required"),
        ({"choices": ["a"]}, "choices"),
        ({"kind": "choice", "minimum": None, "maximum": None}, "choices"),
        ({"kind": "text"}, "minimum"),
        ({"label": 5}, "label"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_schema_is_refused_by_place(change, field):
    assert f"parameters[0].{field}" in problems_of(specs_from_json, [OUTAGE | change])


def test_a_name_is_there_once():
    assert "parameters[1].name" in problems_of(specs_from_json, [OUTAGE, OUTAGE])


def test_a_whole_placeholder_keeps_its_type_and_an_embedded_one_is_text():
    document = {"a": "{{n}}", "b": ["PT{{n}}M", "{{ roles }}"], "c": "x {{roles}}", "d": 1}
    assert fill(document, {"n": 5, "roles": ["r", "s"]}) == {
        "a": 5,
        "b": ["PT5M", ["r", "s"]],
        "c": "x r,s",
        "d": 1,
    }


def test_every_placeholder_without_a_value_is_named_with_its_place():
    document = {"targets": {"t": {"tags": ["{{gone}}"]}}, "x": "{{ }}", "{{k}}": 1}
    assert problems_of(fill, document, {}) == {
        "targets.t.tags[0]": "{{gone}} has no value",
        "x": "a placeholder is written {{name}}",
        "{{k}}": "“{{k}}”: a key takes no placeholder",
    }


@given(st.text(max_size=30))
def test_a_value_is_never_read_as_a_placeholder_again(value):
    assert fill({"a": "x{{v}}"}, {"v": value, "az": "z"}) == {"a": "x" + value}


@given(st.integers(-10, 60))
def test_no_number_outside_its_bounds_is_ever_filled_in(number):
    specs = specs_from_json([OUTAGE])
    try:
        values = clean(specs, {"outage_min": number})
    except Invalid:
        assert not 5 <= number <= 30
    else:
        assert json.dumps(values) == json.dumps({"outage_min": number})


@pytest.mark.parametrize("kind", [["int"], {"a": 1}, None, 5])
def test_a_kind_that_is_no_text_is_named_and_nothing_else_fails(kind):
    entry = {"name": "share", "kind": kind, "minimum": 1, "maximum": 2}
    with pytest.raises(Invalid) as caught:
        specs_from_json([entry])
    assert "parameters[0].kind" in dict(caught.value.problems)
