"""The catalogue of actions as data: every one is accepted, and its parameters are checked."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from simulator.fis.catalogue import ACTIONS, RESOURCE_TYPES, Action
from simulator.fis.parameters import Rule
from simulator.fis.template_rules import check_template
from simulator.wire import ApiError
from tests.simulator.cloud import Cloud

EXAMPLES = {
    "duration": "PT15M",
    "boolean": "true",
    "json": '{"DurationSeconds": "60"}',
    "text": "anything",
    "list": "one, two",
}


def example(rule: Rule) -> str:
    """A value that a rule allows."""
    if rule.values:
        return rule.values[0]
    if rule.kind in ("integer", "number"):
        return str(rule.most)
    return EXAMPLES[rule.kind]


def template_of(action: Action, **parameters: str) -> dict[str, Any]:
    """A template of one action with every parameter there is."""
    given = {name: example(action.rules[name]) for name in action.parameters} | parameters
    body: dict[str, Any] = {"actionId": action.id, "parameters": given}
    targets: dict[str, Any] = {}
    if action.target_key and action.resource_type:
        kind = RESOURCE_TYPES[action.resource_type]
        body["targets"] = {action.target_key: "them"}
        chosen: dict[str, Any] = {"resourceTags": {"a": "b"}}
        if kind.required:
            chosen = {"parameters": {name: example(kind.rules[name]) for name in kind.required}}
        if kind.id == "aws:iam:role":
            chosen = {"resourceArns": ["arn:aws:iam::111111111111:role/fis-experiments"]}
        targets["them"] = {"resourceType": kind.id, "selectionMode": "ALL", **chosen}
    return {"actions": {"it": body}, "targets": targets, "stopConditions": [{"source": "none"}]}


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)
def test_every_action_is_accepted_with_all_of_its_parameters(action: Action) -> None:
    check_template(template_of(action))


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)
def test_an_action_is_refused_without_a_parameter_that_it_needs(action: Action) -> None:
    for name in action.required:
        template = template_of(action)
        del template["actions"]["it"]["parameters"][name]
        with pytest.raises(ApiError, match=f'Missing required parameter "{name}" in action "it"'):
            check_template(template)


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)
def test_a_default_is_a_value_that_the_action_takes(action: Action) -> None:
    problems = [action.rules[name].problem(value) for name, value in action.defaults.items()]

    assert not any(problems)
    assert set(action.defaults) <= set(action.optional)


@pytest.mark.parametrize(
    ("action", "parameters", "message"),
    [
        ("aws:fis:wait", {"duration": "PT59S"}, "must be between PT1M and PT12H"),
        ("aws:fis:wait", {"duration": "PT13H"}, "must be between PT1M and PT12H"),
        ("aws:fis:wait", {"duration": "soon"}, "is not an ISO 8601 duration"),
        (
            "aws:directconnect:virtual-interface-disconnect",
            {"duration": "PT9M"},
            "between PT10M and PT12H",
        ),
        (
            "aws:ec2:send-spot-instance-interruptions",
            {"durationBeforeInterruption": "PT16M"},
            "between PT2M and PT15M",
        ),
        ("aws:ebs:volume-io-latency", {"readIOPercentage": "0"}, "between 0.1 and 100"),
        (
            "aws:ebs:volume-io-latency",
            {"writeIOLatencyMilliseconds": "0.5"},
            "must be an integer",
        ),
        (
            "aws:lambda:invocation-add-delay",
            {"startupDelayMilliseconds": "900001"},
            "between 0 and 900000",
        ),
        ("aws:lambda:invocation-error", {"preventExecution": "no"}, "must be true or false"),
        ("aws:network:disrupt-connectivity", {"scope": "internet"}, "must be one of all, avail"),
        ("aws:ssm:send-command", {"documentParameters": "[1]"}, "must be a JSON object"),
        ("aws:ssm:send-command", {"documentParameters": "{"}, "must be JSON"),
        (
            "aws:cloudwatch:assert-alarm-state",
            {"alarmStates": "OK,FINE"},
            "must be one of OK, ALARM, INSUFFICIENT_DATA",
        ),
        ("aws:cloudwatch:assert-alarm-state", {"alarmArns": "a,b,c,d,e,f"}, "at most 5 values"),
        ("aws:cloudwatch:assert-alarm-state", {"alarmArns": "a,,b"}, "separated by commas"),
        ("aws:ecs:stop-task", {"cluster": "main"}, 'Unexpected parameter "cluster" found'),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_parameter_and_its_limit(
    action: str, parameters: dict[str, str], message: str
) -> None:
    with pytest.raises(ApiError, match=message) as raised:
        check_template(template_of(ACTIONS[action], **parameters))

    assert raised.value.code == "ValidationException"
    assert next(iter(parameters)) in raised.value.message


def test_the_parameters_of_a_target_are_checked_too(cloud: Cloud) -> None:
    template = template_of(ACTIONS["aws:eks:pod-delete"])
    template["targets"]["them"]["parameters"]["selectorType"] = "name"

    with pytest.raises(ClientError, match='"selectorType" of target "them" must be one of label'):
        cloud.template(**template)
