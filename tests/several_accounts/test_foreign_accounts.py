"""A draft that names an account in which its application is not deployed reads nothing there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from exercises.domain.errors import Invalid
from exercises.models import Deployment, Experiment
from exercises.models.due_work import database_now
from exercises.queries.plans import plan_of, problems_of
from exercises.services.preflight import preview_targets
from tests import build
from tests.api.conftest import Caller, caller
from tests.api.test_api import WRITTEN
from tests.cast import Cast
from tests.pages_experiments.test_propose_page import form

if TYPE_CHECKING:
    from simulator.server import Simulator

__all__ = ["caller"]  # a fixture

pytestmark = pytest.mark.django_db
OWN, FOREIGN = "111111111111", "333333333333"
SAID = f"{FOREIGN} is no account in which Mqtt Broker is deployed"


@pytest.fixture
def foreign(cast: Cast) -> None:
    """An account of another application, with instances that carry this one's tag."""
    build.deployment(cast)
    build.template_version()
    build.deployment(cast, slug="telemetry", place=build.account(FOREIGN))


def drafted(cast: Cast, caller: Caller) -> dict[str, Any]:
    body = WRITTEN | {"exercise": build.exercise(cast).slug, "also_in": [FOREIGN]}
    made = caller("author").post("/api/v1/experiments/", body)
    assert made.status_code == 201
    found: dict[str, Any] = made.json()
    return found


def asked_in(estate: Simulator, account: str) -> list[str]:
    """What the simulated AWS was asked in an account, or of a role of it."""
    return [
        entry["operation"]
        for entry in estate.journal.entries()
        if account in f"{entry['account']} {entry['input']}"
    ]


def test_targets_of_a_draft_are_looked_up_in_no_account_of_others(
    cast: Cast, foreign: None, caller: Caller, estate: Simulator
) -> None:
    made = drafted(cast, caller)
    answer = caller("author").post(f"/api/v1/experiments/{made['id']}/targets/")
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"field": "also_in", "problem": SAID}]
    assert asked_in(estate, FOREIGN) == []


def test_the_form_looks_into_no_account_of_others(
    cast: Cast, foreign: None, client: Client, estate: Simulator
) -> None:
    client.force_login(cast.author)
    sent = form(cast) | {f"also_in.{FOREIGN}": "on", "do": "preview"}
    page = client.post("/experiments/new/", sent).content.decode()
    assert SAID in page
    assert "Targets not looked up yet" in page
    assert asked_in(estate, FOREIGN) == []


def test_a_draft_that_names_it_is_kept_and_shown_without_a_plan(
    cast: Cast, foreign: None, caller: Caller, client: Client
) -> None:
    made = drafted(cast, caller)
    assert caller("author").get(f"/api/v1/experiments/{made['id']}/").json()["also_in"] == [FOREIGN]
    experiment = Experiment.objects.with_all().get(pk=made["id"])
    assert experiment.revision is None
    with pytest.raises(Invalid, match=SAID):
        plan_of(experiment)
    assert problems_of(experiment, now=database_now()).count(("also_in", SAID)) == 1
    client.force_login(cast.author)
    assert client.get(f"/experiments/EXP-{made['id']}/").status_code == 200
    edit = client.get(f"/experiments/EXP-{made['id']}/edit/", {"check": "1"})
    assert SAID in edit.content.decode()


def test_a_plan_whose_account_fits_no_longer_is_not_looked_up_there(
    cast: Cast, foreign: None, estate: Simulator
) -> None:
    gone = build.deployment(cast, place=build.account(FOREIGN))
    experiment = build.proposed(cast, also_in=[FOREIGN])
    Deployment.objects.filter(pk=gone.pk).delete()
    seen = preview_targets(actor=cast.actor("author"), experiment=experiment)
    assert (seen.targets, seen.fleet) == ([], [])
    assert seen.problem == SAID
    assert asked_in(estate, FOREIGN) == []
