"""A message of a queue names a place and an experiment, or says nothing."""

from __future__ import annotations

import json

import pytest

from exercises.domain.engine_events import StateChange, state_change

EVENT = {
    "version": "0",
    "detail-type": "FIS Experiment State Change",
    "source": "aws.fis",
    "account": "111111111111",
    "region": "eu-central-1",
    "detail": {"experiment-id": "EXP1", "new-state": {"status": "running"}},
}


def test_a_state_change_names_its_experiment() -> None:
    said = state_change(json.dumps(EVENT))
    assert said == StateChange("111111111111", "eu-central-1", "EXP1")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not JSON",
        "[" * 100_000,
        "null",
        "[1]",
        json.dumps(EVENT | {"source": "my.app"}),
        json.dumps(EVENT | {"detail-type": "EC2 Instance State-change Notification"}),
        json.dumps(EVENT | {"detail": "EXP1"}),
        json.dumps(EVENT | {"detail": {"experiment-id": 7}}),
        json.dumps(EVENT | {"account": None}),
        json.dumps(EVENT | {"region": ""}),
    ],
)
def test_anything_else_says_nothing(body: str) -> None:
    assert state_change(body) is None
