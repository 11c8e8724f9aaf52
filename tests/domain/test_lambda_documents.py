"""The documents of the Lambda configuration engine: what is refused, and what is planned."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from exercises.domain.errors import Invalid
from exercises.domain.lambda_documents import configuration_of, document_problems
from exercises.domain.risks_lint import Surroundings, risks, takes_back
from exercises.domain.timeline import planned_actions, planned_duration_s
from tests.lambda_definitions import NAME, slow

STOP = {
    "source": "aws:cloudwatch:alarm",
    "value": "arn:aws:cloudwatch:eu-central-1:111111111111:alarm:x",
}


def problems(document: dict[str, Any]) -> dict[str, str]:
    found = document_problems(document, production=True)
    return {problem.field: f"{problem.rule_id} {problem.message}" for problem in found}


def changed(**more: Any) -> dict[str, Any]:
    return {**copy.deepcopy(slow()), "stopConditions": [STOP], **more}


def entry(**more: Any) -> dict[str, Any]:
    return {**copy.deepcopy(slow())["parameters"][0], **more}


def test_a_sound_document_is_read_as_what_it_says() -> None:
    document = changed()

    assert problems(document) == {}
    read = configuration_of(document)
    assert read.duration_s == 600
    assert [setting.name for setting in read.settings] == [NAME]


def test_all_parameters_are_planned_together_for_the_whole_duration() -> None:
    document = changed(parameters=[entry(), entry(name="/b")])

    planned = planned_actions(document)

    assert {action.name for action in planned} == {NAME, "/b"}
    assert {(action.offset_s, action.duration_s) for action in planned} == {(0, 600)}
    assert planned_duration_s(document) == 600
    assert takes_back(document)


@pytest.mark.parametrize(
    ("document", "field", "said"),
    [
        (changed(surprise=1), "surprise", "LAMBDA-004"),
        ({"duration": "PT5M"}, "parameters", "LAMBDA-004 is missing"),
        (changed(description=""), "description", "512"),
        (changed(duration="PT1M"), "duration", "PT2M to PT12H"),
        (changed(duration="PT13H"), "duration", "PT2M to PT12H"),
        (changed(duration=5), "duration", "PT2M to PT12H"),
        (changed(parameters=[]), "parameters", "1 to 10"),
        (changed(parameters=[entry()] * 11), "parameters", "1 to 10"),
        (changed(parameters=[entry(), entry()]), "parameters[1].name", "twice"),
        (changed(parameters=["x"]), "parameters[0]", "name, format and faults"),
        (changed(parameters=[entry(name="a b")]), "parameters[0].name", "500"),
        (changed(parameters=[entry(name="/aws/x")]), "parameters[0].name", "aws, ssm"),
        (changed(parameters=[entry(name="/chaosplane/x")]), "parameters[0].name", "chaosplane"),
        (changed(parameters=[entry(format="yaml")]), "parameters[0].format", "chaos_lambda"),
        (changed(parameters=[entry(faults=[])]), "parameters[0].faults", "at least one"),
        (changed(parameters=[entry(faults=["x"])]), "parameters[0].faults[0].kind", "LAMBDA-005"),
        (
            changed(parameters=[entry(faults=[{"kind": "latency", "delay_ms": 0}])]),
            "parameters[0].faults[0].delay_ms",
            "900000",
        ),
        (
            changed(parameters=[entry(faults=[{"kind": "timeout"}])]),
            "parameters[0].faults[0].kind",
            "LAMBDA-006 chaos_lambda knows",
        ),
        (changed(stopConditions=[{"source": "none"}]), "stopConditions[0]", "FIS-STOP-001"),
    ],
)
def test_what_is_wrong_is_named_with_its_limit(
    document: dict[str, Any], field: str, said: str
) -> None:
    assert said in problems(document)[field]
    if "STOP" not in said:
        with pytest.raises(Invalid):
            configuration_of(document)


def test_the_risks_of_each_library_are_said_of_its_parameters() -> None:
    twice = entry(faults=[{"kind": "status_code", "status": 500, "percent": 50}])
    late = entry(name="/b", format="failure_lambda_1")

    found = risks(changed(parameters=[twice, late]), Surroundings())

    assert {(p.field, p.rule_id) for p in found} == {
        ("parameters[0]", "LAMBDA-002"),
        ("parameters[1]", "LAMBDA-003"),
    }
