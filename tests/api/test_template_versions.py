"""What a program learns of a template: what the linter says, and what a version changed."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from exercises.services.catalogue import publish_version
from tests import build
from tests.api.conftest import Caller
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def publish(cast: Cast, **parameters: str) -> str:
    definition: dict[str, Any] = copy.deepcopy(build.DEFINITION)
    definition["actions"]["Stop-one"]["parameters"] = parameters
    version = publish_version(
        actor=cast.actor("owner"),
        template=build.template_version().template,
        definition_text=json.dumps(definition),
        parameters_text="[]",
        rung=2,
    )
    return version.template.slug


def test_the_linter_answers_for_each_version(cast: Cast, caller: Caller) -> None:
    slug = publish(cast)
    reader = caller("author", scopes=("read",))
    [problem] = reader.get(f"/api/v1/templates/{slug}/lint/").json()
    assert problem == {
        "rule": "FIS-UNDO-002",
        "severity": "warning",
        "field": "actions.Stop-one.parameters.startInstancesAfterDuration",
        "message": "is missing: the instances stay stopped, also after Stop",
        "says": problem["says"],
        "fix": "Add startInstancesAfterDuration.",
        "source": problem["source"],
    }
    assert reader.get(f"/api/v1/templates/{slug}/lint/?version=1").json() == []


def test_versions_are_compared_leaf_by_leaf(cast: Cast, caller: Caller) -> None:
    slug = publish(cast, startInstancesAfterDuration="PT2M")
    reader = caller("author", scopes=("read",))
    changes = reader.get(f"/api/v1/templates/{slug}/changes/").json()
    place = "definition.actions.Stop-one.parameters.startInstancesAfterDuration"
    assert {"path": place, "before": "PT{{minutes}}M", "after": "PT2M"} in changes
    assert {"path": "rung", "before": 1, "after": 2} in changes
    assert reader.get(f"/api/v1/templates/{slug}/changes/?since=2").json() == []


def test_the_rights_are_those_of_the_version_alone(cast: Cast, caller: Caller) -> None:
    slug = build.template_version().template.slug
    place = build.account()
    account_id = place.account.account_id
    reader = caller("author", scopes=("read",))
    told = reader.get(f"/api/v1/templates/{slug}/policy/?account_id={account_id}").json()
    assert told["actions"] == ["aws:ec2:stop-instances"]
    assert told["managed"] == ["AWSFaultInjectionSimulatorEC2Access"]
    fis = f"arn:aws:fis:{place.region}:{account_id}"
    create = told["start"]["Statement"][1]
    assert create["Action"] == "fis:CreateExperimentTemplate"
    assert create["Resource"] == [f"{fis}:action/aws:ec2:stop-instances"]
    [handed] = [s for s in told["start"]["Statement"] if s["Action"] == "iam:PassRole"]
    assert handed["Resource"] == place.account.fis_role_arn
    elsewhere = reader.get(f"/api/v1/templates/{slug}/policy/").json()
    assert account_id not in json.dumps(elsewhere["start"])
    assert "arn:aws:fis:REGION:ACCOUNT_ID:action/aws:ec2:stop-instances" in json.dumps(elsewhere)
    assert reader.get(f"/api/v1/templates/{slug}/policy/?account_id=9").status_code == 404


@pytest.mark.parametrize(
    ("query", "status"),
    [("?version=9", 404), ("?version=0", 422), ("?version=x", 422), ("?verison=1", 422)],
)
def test_a_version_that_is_not_there_is_not_guessed(
    cast: Cast, caller: Caller, query: str, status: int
) -> None:
    slug = build.template_version().template.slug
    for what in ("lint", "changes", "policy", "export"):
        answer = caller("author").get(f"/api/v1/templates/{slug}/{what}/{query}")
        assert answer.status_code == status, answer.content
