"""Equal values have equal bytes; what two readers could read differently is refused."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercises.domain.canonical_json import canonical_bytes, parse_strict, whole_number
from exercises.domain.errors import Invalid

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
SAFE = st.integers(-(2**53) + 1, 2**53 - 1)
SCALARS = st.none() | st.booleans() | SAFE | st.floats(allow_nan=False, allow_infinity=False) | TEXT
VALUES = st.recursive(
    SCALARS, lambda v: st.lists(v, max_size=4) | st.dictionaries(TEXT, v, max_size=4), max_leaves=12
)


@given(VALUES)
def test_the_canonical_form_reads_back_as_the_same_value(value):
    assert json.loads(canonical_bytes(value), parse_int=float) == value


@given(st.dictionaries(TEXT, SCALARS, max_size=6))
def test_the_order_of_keys_does_not_matter(value):
    assert canonical_bytes(dict(reversed(value.items()))) == canonical_bytes(value)


@pytest.mark.parametrize(
    ("number", "form"),
    # RFC 8785, appendix B
    [
        (0.0, "0"),
        (-0.0, "0"),
        (5e-324, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (9007199254740992.0, "9007199254740992"),
        (295147905179352830000.0, "295147905179352830000"),
        (9.999999999999997e22, "9.999999999999997e+22"),
        (1e23, "1e+23"),
        (999999999999999700000.0, "999999999999999700000"),
        (1e21, "1e+21"),
        (9.999999999999997e-7, "9.999999999999997e-7"),
        (0.000001, "0.000001"),
        (333333333.33333329, "333333333.3333333"),
        (-0.0000033333333333333333, "-0.0000033333333333333333"),
        (1.0, "1"),
    ],
)
def test_numbers_have_the_form_of_ecmascript(number, form):
    assert canonical_bytes(number).decode() == form


def test_keys_are_sorted_by_utf_16_code_units():
    # RFC 8785 section 3.2.3: the emoji's surrogates sort before U+FB33
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    wanted = ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
    assert list(json.loads(canonical_bytes(dict.fromkeys(keys, 0)))) == wanted


@pytest.mark.parametrize("value", [math.nan, math.inf, 2**53, {1: 2}, "\ud800", object(), {1, 2}])
def test_what_json_cannot_hold_is_refused(value):
    with pytest.raises((TypeError, ValueError)):
        canonical_bytes(value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"a": 1, "b": {"a": 1, "a": 2}}', "“a” is there twice"),
        ('{"a": 1,\n "b": }', "line 2, column 7"),
        ("[NaN]", "NaN is not a JSON number"),
        ("[-Infinity]", "-Infinity is not a JSON number"),
        ("[1e999]", "too large"),
        ("[9007199254740992]", "beyond"),
        ("[" + "1" * 5000 + "]", "beyond"),
        ("[" * 41 + "]" * 41, "deeper than 40"),
        (b"\xff", "not UTF-8"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        ("  ", "nothing there"),
        ('"' + "x" * 262_144 + '"', "at most 262,144 bytes"),
        ('["\\u0000"]', "cannot be stored"),
        ('{"\\ud800": 1}', "cannot be stored"),
    ],
)
def test_a_doubtful_document_is_refused_with_its_field_and_reason(text, says):
    with pytest.raises(Invalid) as error:
        parse_strict(text, field="definition")
    [(field, problem)] = error.value.problems
    assert field == "definition"
    assert says in problem


def test_brackets_within_strings_are_not_depth():
    text = json.dumps(["[{" * 100, '\\"[[['])
    assert parse_strict(text, max_depth=1) == ["[{" * 100, '\\"[[[']


def test_a_deep_document_cannot_exhaust_the_stack():
    with pytest.raises(Invalid):
        parse_strict("[" * 100_000)


@given(VALUES)
def test_strict_parsing_reads_every_plain_document(value):
    assert parse_strict(json.dumps(value)) == value


@pytest.mark.parametrize(
    ("value", "number"),
    [(60, 60), (60.0, 60), (60.5, None), (math.inf, None), (True, None), ("60", None)],
)
def test_a_whole_number_is_one_however_it_is_written(value, number):
    assert whole_number(value) == number
