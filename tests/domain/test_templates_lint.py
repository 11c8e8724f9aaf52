"""A mistake in a FIS document is named by its place before FIS or a run finds it."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exercises.domain.fis_catalogue import actions
from exercises.domain.templates_lint import lint
from exercises.domain.timeline import planned_actions, planned_duration_s

ALARM = "arn:aws:cloudwatch:eu-central-1:111111111111:alarm:undelivered"
SOUND: dict[str, Any] = {
    "description": "Stop one broker",
    "targets": {
        "one": {
            "resourceType": "aws:ec2:instance",
            "resourceTags": {"chaosplane:application": "mqtt-broker"},
            "filters": [{"path": "State.Name", "values": ["running"]}],
            "selectionMode": "COUNT(1)",
        }
    },
    "actions": {
        "Stop": {
            "actionId": "aws:ec2:stop-instances",
            "parameters": {"startInstancesAfterDuration": "PT5M"},
            "targets": {"Instances": "one"},
        },
        "Wait": {
            "actionId": "aws:fis:wait",
            "parameters": {"duration": "PT1M"},
            "startAfter": ["Stop"],
        },
    },
    "stopConditions": [{"source": "aws:cloudwatch:alarm", "value": ALARM}],
    "roleArn": "arn:aws:iam::111111111111:role/fis-experiments",
    "experimentOptions": {
        "accountTargeting": "single-account",
        "emptyTargetResolutionMode": "fail",
    },
}
GONE = object()


def changed(path, value):
    document = copy.deepcopy(SOUND)
    *parents, last = path
    place = document
    for name in parents:
        place = place[name]
    if value is GONE:
        del place[last]
    else:
        place[last] = value
    return document


def waits(count, after=()):
    action = {"actionId": "aws:fis:wait", "parameters": {"duration": "PT1M"}}
    return {f"W{i}": action | {"startAfter": list(after)} for i in range(count)}


def test_a_sound_document_has_no_problems():
    assert lint(SOUND, production=True) == []


ARNS = ["arn:aws:ec2:eu-central-1:111111111111:instance/i-1"]
ONE, STOP = ("targets", "one"), ("actions", "Stop")


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        (("description",), GONE, "description"),
        (("description",), "", "description"),
        (("actions",), GONE, "actions"),
        (("actions",), {}, "actions"),
        (("stopConditions",), GONE, "stopConditions"),
        (("roleArn",), GONE, "roleArn"),
        (("roleArn",), "admin", "roleArn"),
        (("clientToken",), "x", "clientToken"),
        (("tags",), {}, "tags"),
        (("surprise",), 1, "surprise"),
        ((*ONE, "resourceType"), "aws:ec2:server", "targets.one.resourceType"),
        ((*ONE, "resourceType"), ["aws:ec2:instance"], "targets.one.resourceType"),
        ((*ONE, "resourceType"), "aws:ec2:subnet", "actions.Stop.targets.Instances"),
        ((*ONE, "selectionMode"), "SOME", "targets.one.selectionMode"),
        ((*ONE, "selectionMode"), "COUNT(0)", "targets.one.selectionMode"),
        ((*ONE, "selectionMode"), "PERCENT(101)", "targets.one.selectionMode"),
        ((*ONE, "resourceTags"), GONE, "targets.one"),
        ((*ONE, "resourceArns"), ARNS, "targets.one.resourceArns"),
        ((*ONE, "resourceArns"), ARNS * 6, "targets.one.resourceArns"),
        ((*ONE, "resourceTags"), {"a": 1}, "targets.one.resourceTags.a"),
        ((*ONE, "filters"), [{"path": "State.Name"}], "targets.one.filters[0]"),
        ((*STOP, "actionId"), "aws:ec2:stop-instance", "actions.Stop.actionId"),
        ((*STOP, "parameters"), {"duration": "PT5M"}, "actions.Stop.parameters.duration"),
        (
            (*STOP, "parameters", "startInstancesAfterDuration"),
            "5 minutes",
            "actions.Stop.parameters.startInstancesAfterDuration",
        ),
        (("actions", "Wait", "parameters"), {}, "actions.Wait.parameters.duration"),
        (
            ("actions", "Wait", "parameters", "duration"),
            "PT13H",
            "actions.Wait.parameters.duration",
        ),
        (
            ("actions", "Wait", "parameters", "duration"),
            "PT59S",
            "actions.Wait.parameters.duration",
        ),
        (("actions", "Wait", "parameters", "duration"), 60, "actions.Wait.parameters.duration"),
        ((*STOP, "targets"), {}, "actions.Stop.targets.Instances"),
        ((*STOP, "targets"), {"Instances": "two"}, "actions.Stop.targets.Instances"),
        ((*STOP, "targets", "Roles"), "one", "actions.Stop.targets.Roles"),
        ((*STOP, "startAfter"), ["Wait"], "actions"),
        ((*STOP, "startAfter"), ["Stop"], "actions.Stop.startAfter"),
        ((*STOP, "startAfter"), ["Nobody"], "actions.Stop.startAfter"),
        (("actions", "Two words"), SOUND["actions"]["Wait"], "actions.Two words"),
        (("targets", "Two words"), SOUND["targets"]["one"], "targets.Two words"),
        (("actions",), waits(21), "actions"),
        (("actions",), waits(11), "actions"),
        (("stopConditions",), [], "stopConditions"),
        (("stopConditions",), [{"source": "none"}], "stopConditions[0]"),
        (("stopConditions",), [{"source": "alarm"}], "stopConditions[0].source"),
        (("stopConditions", 0, "value"), "undelivered", "stopConditions[0].value"),
        (("stopConditions",), SOUND["stopConditions"] * 6, "stopConditions"),
        (
            ("experimentOptions", "accountTargeting"),
            "multi-account",
            "experimentOptions.accountTargeting",
        ),
        (("experimentOptions", "actionsMode"), "skip-all", "experimentOptions.actionsMode"),
    ],
)
def test_each_mistake_is_named_by_its_place(path, value, field):
    assert field in {problem.field for problem in lint(changed(path, value), production=True)}


def test_an_unknown_action_gets_the_nearest_one_as_a_hint():
    [problem] = lint(changed((*STOP, "actionId"), "aws:ec2:stop-instance"), production=True)
    assert "did you mean aws:ec2:stop-instances?" in problem.message


def test_only_production_needs_an_alarm():
    document = changed(("stopConditions",), [{"source": "none"}])
    assert lint(document, production=False) == []
    assert len(lint(document, production=True)) == 1


def test_ten_actions_run_at_once_and_more_may_follow():
    document = changed(("actions",), waits(10))
    document["actions"]["Later"] = waits(1, after=["W0"])["W0"]
    assert lint(document, production=True) == []


def test_the_whole_experiment_lasts_twelve_hours_at_most():
    document = changed(("actions", "Wait", "parameters", "duration"), "PT12H")
    assert [p.field for p in lint(document, production=True)] == ["actions"]


def test_every_known_action_can_be_satisfied():
    for action in actions().values():
        parameters = dict.fromkeys(action.required, "x")
        for name in parameters:
            if "uration" in name:
                parameters[name] = f"PT{action.most_s}S"
        if "documentArn" in parameters:
            parameters["documentVersion"] = "3"
        document = changed(
            ("actions",),
            {"A": {"actionId": action.action_id, "parameters": parameters}},
        )
        for key, kind in action.targets.items():
            document["actions"]["A"].setdefault("targets", {})[key] = "one"
            document["targets"]["one"]["resourceType"] = kind
        assert lint(document, production=True) == [], action.action_id


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda v: st.lists(v, max_size=3) | st.dictionaries(st.text(max_size=5), v, max_size=3),
    max_leaves=6,
)
PLACES = st.sampled_from(
    [
        ("targets",),
        ONE,
        *[(*ONE, key) for key in (*SOUND["targets"]["one"], "resourceArns", "parameters")],
        ("actions",),
        STOP,
        *[(*STOP, key) for key in (*SOUND["actions"]["Stop"], "startAfter")],
        (*STOP, "targets", "Instances"),
        ("stopConditions",),
        ("stopConditions", 0),
        ("experimentOptions",),
        ("experimentOptions", "accountTargeting"),
        ("roleArn",),
        ("description",),
    ]
)


@settings(max_examples=200)
@given(path=PLACES, value=JSON)
def test_no_document_makes_the_linter_or_the_timeline_fail(path, value):
    document = changed(path, value)
    lint(document, production=True)
    assert planned_duration_s(document) >= 0
    assert planned_actions(document) is not None
