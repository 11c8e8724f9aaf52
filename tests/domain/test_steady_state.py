"""Probes: what is inside, how values read, and which specifications are refused."""

from __future__ import annotations

import math

import pytest

from exercises.domain.errors import Invalid
from exercises.domain.steady_state import (
    format_value,
    is_inside,
    limit_words,
    probes_from_json,
)

ROW: dict[str, object] = {
    "key": "p99",
    "name": "Publish to deliver",
    "kind": "cloudwatch",
    "unit": "ms",
    "is_business": False,
    "namespace": "Fleet",
    "metric": "P99",
    "dimensions": {"Cluster": "c"},
    "stat": "p99",
    "period_s": 60,
    "low": None,
    "high": 1000,
    "grace_s": 60,
    "decimals": 0,
    "scale": 1,
}


def test_a_probe_is_read_as_it_was_written() -> None:
    (spec,) = probes_from_json([ROW])
    assert {name: getattr(spec, name) for name in ROW} == ROW


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"key": "Bad key"}, "key"),
        ({"name": " "}, "name"),
        ({"kind": "guess"}, "kind"),
        ({"stat": "p101"}, "stat"),
        ({"period_s": 5}, "period_s"),
        ({"grace_s": -1}, "grace_s"),
        ({"grace_s": True}, "grace_s"),
        ({"high": None}, "low"),
        ({"low": 2000}, "low"),
        ({"high": "1000"}, "high"),
        ({"high": math.nan}, "high"),
        ({"scale": 0}, "scale"),
        ({"dimensions": {"Cluster": ""}}, "dimensions"),
        ({"colour": "red"}, "colour"),
        ({"unit": "x" * 13}, "unit"),
    ],
)
def test_a_bad_field_is_named(change: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        probes_from_json([ROW | change])
    assert [name for name, _ in caught.value.problems] == [f"steady_state[0].{field}"]


def test_every_bad_probe_is_named_at_once() -> None:
    with pytest.raises(Invalid) as caught:
        probes_from_json([ROW | {"key": ""}, "text", ROW | {"stat": "Mode"}])
    fields = [name for name, _ in caught.value.problems]
    assert fields == ["steady_state[0].key", "steady_state[1]", "steady_state[2].stat"]


def test_a_key_is_used_once() -> None:
    with pytest.raises(Invalid, match="used twice"):
        probes_from_json([ROW, ROW])


def test_limits_are_inclusive_and_missing_is_outside() -> None:
    (spec,) = probes_from_json([ROW | {"low": 10}])
    assert [is_inside(spec, v) for v in (10, 1000, 9.9, 1000.1, None, math.nan)] == [
        True,
        True,
        False,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("low", "high", "unit", "decimals", "words"),
    [
        (99.5, None, "%", 2, "at least 99.5 %"),
        (1, 1, "", 0, "exactly 1"),
        (None, 1000, "ms", 0, "at most 1,000 ms"),
        (2, 4, "", 0, "2 to 4"),
        (0.25, None, "", 0, "at least 0.25"),
        (3_900_000, None, "vehicles", 0, "at least 3.9 M vehicles"),
        (3_912_345, None, "", 0, "at least 3,912,345"),
    ],
)
def test_limits_read_as_people_say_them(
    low: float | None, high: float | None, unit: str, decimals: int, words: str
) -> None:
    row = ROW | {"low": low, "high": high, "unit": unit, "decimals": decimals}
    (spec,) = probes_from_json([row])
    assert limit_words(spec) == words


def test_values_read_with_unit_and_no_data_is_said() -> None:
    (spec,) = probes_from_json([ROW])
    assert format_value(spec, 1240.4) == "1,240 ms"
    assert format_value(spec, None) == "no data"
    assert format_value(spec, 3_607_315) == "3.61 M ms"
