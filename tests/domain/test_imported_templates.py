"""A FIS template of one account becomes one for every team; what is its own becomes a question."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

from exercises.domain.generators import BuildContext, build_definition
from exercises.domain.imported_templates import from_account
from exercises.domain.offered_actions import Offer, first_document
from exercises.domain.parameters import clean, specs_from_json
from exercises.domain.templates_lint import lint

ACCOUNT, REGION = "111111111111", "eu-central-1"
ALARM = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:undelivered"
ECHO: dict[str, Any] = {
    "id": "EXT123",
    "arn": f"arn:aws:fis:{REGION}:{ACCOUNT}:experiment-template/EXT123",
    "description": "Power",
    "creationTime": datetime(2026, 1, 1, tzinfo=UTC),
    "tags": {"Name": "power"},
    "targets": {
        "one": {
            "resourceType": "aws:ec2:instance",
            "resourceTags": {"chaosplane:application": "mqtt-broker"},
            "filters": [
                {"path": "Placement.AvailabilityZone", "values": ["eu-central-1a"]},
            ],
            "resourceArns": [],
            "selectionMode": "ALL",
            "parameters": {},
        }
    },
    "actions": {
        "Stop": {
            "actionId": "aws:ec2:stop-instances",
            "parameters": {"startInstancesAfterDuration": "PT30M"},
            "targets": {"Instances": "one"},
        },
        "Wait": {"actionId": "aws:fis:wait", "parameters": {"duration": "PT30M"}},
        "Rest": {
            "actionId": "aws:fis:wait",
            "parameters": {"duration": "PT1H"},
            "startAfter": ["Wait"],
        },
    },
    "stopConditions": [{"source": "aws:cloudwatch:alarm", "value": ALARM}],
    "roleArn": f"arn:aws:iam::{ACCOUNT}:role/fis",
    "experimentOptions": {
        "accountTargeting": "single-account",
        "emptyTargetResolutionMode": "fail",
    },
    "targetAccountConfigurationsCount": 0,
}
ELSEWHERE = BuildContext(
    account_id="222222222222",
    region="eu-west-1",
    az="eu-west-1b",
    application="charging",
    fis_role_arn="arn:aws:iam::222222222222:role/fis",
    alarm_arns=("arn:aws:cloudwatch:eu-west-1:222222222222:alarm:charging",),
    environment="production",
)


def imported(**changes: Any) -> Any:
    echo = copy.deepcopy(ECHO) | changes
    return from_account(echo, account_id=ACCOUNT, region=REGION)


def test_it_runs_elsewhere_as_it_ran_there() -> None:
    read = imported()
    values = clean(specs_from_json(read.parameters), {})
    built: Any = build_definition(
        generator="", definition=read.definition, values=values, context=ELSEWHERE
    )
    assert lint(built, production=True) == []
    text = str(built)
    for own in (ACCOUNT, REGION, "mqtt-broker", "EXT123", "undelivered"):
        assert own not in text
    assert built["actions"]["Stop"]["parameters"] == {"startInstancesAfterDuration": "PT30M"}
    assert built["targets"]["one"]["filters"][0]["values"] == ["eu-west-1b"]


def test_equal_lengths_are_one_question_and_never_longer_than_there() -> None:
    asked = {p["name"]: p for p in imported().parameters}
    assert {name: (p["default"], p["maximum"]) for name, p in asked.items()} == {
        "minutes_1": (60, 60),
        "minutes_2": (30, 30),
    }
    assert asked["minutes_2"]["label"] == "Stop, Wait for"


def test_one_without_an_alarm_gets_that_of_the_deployment_and_says_so() -> None:
    read = imported(stopConditions=[{"source": "none"}])
    assert read.definition["stopConditions"] == [
        {"source": "aws:cloudwatch:alarm", "value": "{{alarm_arn}}"}
    ]
    assert any("alarm stops it now" in text for text in read.changed)


def test_two_zones_stay_what_they_are() -> None:
    filters = [{"path": "Placement.AvailabilityZone", "values": ["eu-central-1a", "eu-central-1b"]}]
    one = ECHO["targets"]["one"] | {"filters": filters}
    assert imported(targets={"one": one}).definition["targets"]["one"]["filters"] == filters


def test_an_action_nobody_has_heard_of_gets_a_form_and_a_sound_document() -> None:
    offer = Offer(
        action_id="aws:satellite:lose-contact",
        description="Contact is lost.",
        parameters={
            "duration": ("How long", True),
            "orbitHeight": ("How high", True),
            "note": ("What to log", False),
        },
        targets={"Satellites": "aws:satellite:dish"},
    )
    document, parameters = first_document(offer)
    specs = specs_from_json(parameters)
    assert [(spec.name, spec.kind, spec.help) for spec in specs] == [
        ("duration", "minutes", "How long"),
        ("orbit_height", "text", "How high"),
    ]
    values = clean(specs, {"duration": "7", "orbit_height": "500"})
    built: Any = build_definition(
        generator="", definition=document, values=values, context=ELSEWHERE
    )
    assert lint(built, production=True, known={offer.action_id: offer.known}) == []
    assert built["actions"]["lose-contact"]["parameters"] == {
        "duration": "PT7M",
        "orbitHeight": "500",
    }
    assert "FIS-ACT-002" in {problem.rule_id for problem in lint(built, production=True)}
