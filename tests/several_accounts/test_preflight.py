"""Pre-flight asks every account of an experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exercises.aws.safety_lever import engage
from exercises.models import CloudAccount, Experiment, SafetyLever
from exercises.models.due_work import database_now
from exercises.services.preflight_questions import ask
from tests import build
from tests.cast import Cast
from tests.several_accounts import scene

if TYPE_CHECKING:
    from simulator.server import Simulator

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment(cast: Cast, estate: Simulator) -> Experiment:
    _, run = scene.live(cast)
    found: Experiment = run.experiment
    return found


@pytest.mark.parametrize("role", ["read", "start", "stop"])
def test_a_role_of_the_second_account_that_cannot_be_assumed_fails(
    experiment: Experiment, role: str
) -> None:
    assert ask(f"role.{role}", experiment).status == "ok"
    arn = f"arn:aws:iam::{scene.SECOND}:role/of-nobody"
    CloudAccount.objects.filter(account_id=scene.SECOND).update(**{f"{role}_role_arn": arn})
    answer = ask(f"role.{role}", experiment)
    assert answer.status == "fail"
    assert scene.SECOND in answer.message


def test_a_safety_lever_that_aws_has_engaged_in_the_second_account_fails(
    experiment: Experiment,
) -> None:
    assert (ask("lever", experiment).status, ask("lever", experiment).message) == (
        "ok",
        "It is disengaged.",
    )
    engage(scene.second().access, "fire")
    answer = ask("lever", experiment)
    assert answer.status == "fail"
    assert "account-333" in answer.message


def test_a_stop_of_the_second_account_that_is_not_released_fails(experiment: Experiment) -> None:
    SafetyLever.objects.create(
        place=scene.second(), engaged_at=database_now(), engaged_by_name="Safety officer"
    )
    answer = ask("lever", experiment)
    assert (answer.status, "account-333" in answer.message) == ("fail", True)
    assert str(build.account()) not in answer.message
