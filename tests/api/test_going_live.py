"""The way to Go over the API: what a token can do, and what stays a person's word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exercises.domain.preflight_checks import CHECKS
from exercises.models import Experiment
from tests import build
from tests.api.conftest import Caller
from tests.cast import Cast

if TYPE_CHECKING:
    from simulator.server import Simulator

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment(cast: Cast) -> Experiment:
    found = build.proposed(cast)
    build.passed_preflight(found)
    return found


def test_checks_are_read_with_their_age_and_asked_again(
    experiment: Experiment, caller: Caller, simulator: Simulator
) -> None:
    path = f"/api/v1/experiments/{experiment.pk}/preflight/"
    rows = caller("outsider").get(path).json()
    assert [row["key"] for row in rows] == list(CHECKS)
    assert rows[0]["expires_at"] > rows[0]["checked_at"]
    again = caller("author").post(path, {"check": "freeze"})
    assert again.status_code == 200, again.json()
    assert caller("author").post(path, {"check": "magic"}).status_code == 422
    assert caller("outsider").post(path, {"check": "freeze"}).status_code == 403


def test_the_run_sheet_is_read_and_arranged_by_the_lead(
    experiment: Experiment, caller: Caller
) -> None:
    path = "/api/v1/exercises/2026-11/run-sheet/"
    [row] = caller("author").get(path).json()
    assert (row["wave"], row["slot_offset_s"]) == (1, 60)
    body = {"places": [{"experiment": experiment.pk, "wave": 2, "slot_offset_s": 60}]}
    assert caller("author").put(path, body, format="json").status_code == 403
    [row] = caller("lead").put(path, body, format="json").json()
    assert row["wave"] == 2
    body["places"][0]["wave"] = 21
    assert caller("lead").put(path, body, format="json").status_code == 422


def test_the_poll_is_read_and_not_answered(experiment: Experiment, caller: Caller) -> None:
    path = "/api/v1/exercises/2026-11/poll/"
    [row] = caller("author").get(path).json()
    assert (row["application"], row["answer"]) == ("mqtt-broker", "open")
    assert caller("owner").post(path, {"answer": "go"}).status_code == 405


@pytest.mark.parametrize("word", ["go", "confirm", "continue", "hold-point"])
def test_no_door_of_the_api_starts_an_exercise(
    experiment: Experiment, caller: Caller, word: str
) -> None:
    assert caller("lead").post(f"/api/v1/exercises/2026-11/{word}/").status_code == 404


def test_calling_off_needs_a_reason(experiment: Experiment, caller: Caller) -> None:
    one = f"/api/v1/experiments/{experiment.pk}/cancel/"
    assert caller("lead").post(one, {}).status_code == 422
    assert caller("outsider").post(one, {"reason": "no"}).status_code == 403
    assert caller("operator").post(one, {"reason": "late"}).json()["status"] == "cancelled"
    whole = "/api/v1/exercises/2026-11/cancel/"
    assert caller("author").post(whole, {"reason": "late"}).status_code == 403
    assert caller("lead").post(whole, {"reason": "late"}).status_code == 204
    assert caller("lead").post(whole, {"reason": "late"}).status_code == 409
