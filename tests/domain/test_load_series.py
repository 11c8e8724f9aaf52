"""What Locust measured is read from a run's archive, whatever state that was left in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from exercises.domain.load_series import load_series

AT = "2026-11-20T10:00:00+00:00"
LOAD = {
    "type": "process",
    "path": "locust",
    "arguments": ["-f", "attack", "--headless", "-u", "10", "-t", "2m"],
}
DEFINITION = {
    "experiment": {
        "method": [
            {"type": "action", "name": "stop", "provider": {"type": "python"}},
            {"type": "action", "name": "attack-by-10", "provider": LOAD},
        ]
    }
}


def sample(**more: Any) -> dict[str, Any]:
    usual = {"at": AT, "kind": "load", "activity": 1, "users": 10.0, "requests_s": 9.5,
             "failures_s": 0.0, "p50_ms": 40.0, "p95_ms": 80.0}  # fmt: skip
    return {**usual, **more}


def test_samples_belong_to_the_activity_that_put_the_load_on() -> None:
    began = {"at": AT, "kind": "began"}
    [series] = load_series(
        {"experiment": DEFINITION, "events": [began, sample(), sample(p95_ms=None)]}
    )
    assert series.name == "attack-by-10"
    assert [(s.requests_s, s.p95_ms) for s in series.samples] == [(9.5, 80.0), (9.5, None)]
    assert series.samples[0].at == datetime(2026, 11, 20, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "archive",
    [
        {},
        {"events": None},
        {"events": ["x", {"kind": "load"}, sample(at="yesterday"), sample(activity="x")]},
        {"events": [], "experiment": DEFINITION},
    ],
)
def test_what_is_no_sample_is_passed_over(archive: dict[str, Any]) -> None:
    assert load_series(archive) == []


def test_a_load_whose_activity_is_not_known_is_numbered() -> None:
    [series] = load_series({"events": [sample(activity=7, requests_s=True)], "experiment": []})
    assert (series.name, series.samples[0].requests_s) == ("Activity 8", None)
