"""A definition equals the template that FIS made of it, and nothing else."""

from __future__ import annotations

import copy
from typing import Any

from exercises.engines.fis_definition import definition_of, differences

DEFINITION: dict[str, Any] = {
    "description": "Stop one",
    "targets": {
        "one": {
            "resourceType": "aws:ec2:instance",
            "resourceTags": {"app": "a", "env": "b"},
            "filters": [{"path": "State.Name", "values": ["running", "stopped"]}],
            "selectionMode": "COUNT(1)",
        }
    },
    "actions": {
        "Wait": {"actionId": "aws:fis:wait", "parameters": {"duration": "PT1M"}},
        "Stop": {
            "actionId": "aws:ec2:stop-instances",
            "targets": {"Instances": "one"},
            "startAfter": ["Wait"],
        },
    },
    "stopConditions": [{"source": "none"}],
    "roleArn": "arn:aws:iam::111111111111:role/fis",
}


def echo_of(definition: dict[str, Any]) -> dict[str, Any]:
    """The template as FIS describes it: ids, times, defaults and empty members added."""
    echo = copy.deepcopy(definition)
    echo |= {
        "id": "EXT1",
        "arn": "arn:aws:fis:eu-central-1:111111111111:experiment-template/EXT1",
        "creationTime": "2026-01-01",
        "lastUpdateTime": "2026-01-01",
        "tags": {"chaosplane:managed": "true"},
        "targetAccountConfigurationsCount": 0,
        "experimentOptions": {
            "accountTargeting": "single-account",
            "emptyTargetResolutionMode": "fail",
        },
    }
    echo["targets"]["one"] |= {"resourceArns": [], "parameters": {}}
    echo["actions"]["Stop"] |= {"parameters": {}, "description": ""}
    return echo


def test_what_fis_adds_makes_no_difference() -> None:
    assert differences(DEFINITION, echo_of(DEFINITION)) == []
    assert definition_of(DEFINITION) == definition_of(echo_of(DEFINITION))


def test_the_order_of_alternatives_makes_no_difference() -> None:
    echo = echo_of(DEFINITION)
    echo["targets"]["one"]["filters"][0]["values"].reverse()
    assert differences(DEFINITION, echo) == []


def test_every_other_change_is_named_with_both_values() -> None:
    echo = echo_of(DEFINITION)
    echo["targets"]["one"]["selectionMode"] = "ALL"
    echo["experimentOptions"]["emptyTargetResolutionMode"] = "skip"
    del echo["actions"]["Stop"]["startAfter"]
    echo["actions"]["More"] = {"actionId": "aws:ec2:terminate-instances"}
    assert differences(DEFINITION, echo) == [
        "actions.More: approved nothing, found {'actionId': 'aws:ec2:terminate-instances'}",
        "actions.Stop.startAfter: approved ['Wait'], found nothing",
        "experimentOptions.emptyTargetResolutionMode: approved fail, found skip",
        "targets.one.selectionMode: approved COUNT(1), found ALL",
    ]


def test_an_account_added_to_the_template_is_a_difference() -> None:
    echo = echo_of(DEFINITION) | {"targetAccountConfigurationsCount": 1}
    assert differences(DEFINITION, echo) == ["targetAccountConfigurations: approved none, found 1"]
