"""Every rule of the linter fires on what it is about, leaves the sound alone, and is explained."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from exercises.domain.engine_values import AlarmReading
from exercises.domain.failure_families import related
from exercises.domain.lint_rules import RULES, Problem, Severity
from exercises.domain.probes_lint import lint_probes
from exercises.domain.risks_lint import Surroundings, risks
from exercises.domain.steady_state import ProbeSpec, probes_from_json
from exercises.domain.stop_alarms import alarm_problems
from exercises.domain.templates_lint import lint
from tests import build
from tests.domain.test_templates_lint import ARNS, GONE, ONE, SOUND, STOP, changed, waits

NOWHERE = Surroundings()
ZONE = [{"path": "Placement.AvailabilityZone", "values": ["eu-central-1a"]}]
PROBES = probes_from_json(build.PROBES)


def rules(problems: list[Problem]) -> set[str]:
    return {problem.rule_id for problem in problems}


def action(**more: Any) -> dict[str, Any]:
    document: dict[str, Any] = changed(
        ("actions",), {"A": {"targets": {"Instances": "one"}, **more}}
    )
    return document


def toolkit(func: str, module: str = "chaosaws.awslambda.actions") -> dict[str, Any]:
    return {"method": [{"type": "action", "provider": {"module": module, "func": func}}]}


def parameter(value: object) -> dict[str, Any]:
    """A Systems Manager document that is handed a configuration as JSON text."""
    return action(
        actionId="aws:ssm:start-automation-execution",
        parameters={"documentParameters": json.dumps({"Value": json.dumps(value)})},
    )


RUN = "aws:ssm:send-command"
DOCUMENT = {"documentArn": "arn:aws:ssm:eu-central-1::document/A", "duration": "PT5M"}
ERRORS: dict[str, list[dict[str, Any]]] = {
    "FIS-DOC-001": [changed(("surprise",), 1), changed(("stopConditions",), GONE)],
    "FIS-DOC-002": [changed(("description",), "x" * 513)],
    "FIS-DOC-003": [changed(("roleArn",), "admin")],
    "FIS-DOC-004": [changed(("actions", "Two words"), SOUND["actions"]["Wait"])],
    "FIS-DOC-005": [changed(ONE, []), changed((*ONE, "resourceTags"), {"a": 1})],
    "FIS-DOC-006": [changed(("experimentOptions", "emptyTargetResolutionMode"), "ignore")],
    "FIS-TGT-001": [changed((*ONE, "resourceType"), "aws:ec2:server")],
    "FIS-TGT-002": [
        changed((*ONE, "selectionMode"), typo)
        for typo in ("all", "COUNT 2", "COUNT(0)", "PERCENT(101)", "PERCENTAGE(5)", "COUNT(-1)")
    ],
    "FIS-TGT-003": [changed((*ONE, "resourceTags"), {})],
    "FIS-TGT-004": [changed((*ONE, "resourceArns"), ARNS)],
    "FIS-TGT-005": [changed((*ONE, "resourceArns"), ARNS)],
    "FIS-TGT-006": [changed((*ONE, "resourceArns"), ARNS * 6)],
    "FIS-TGT-007": [changed((*ONE, "filters"), [{"path": "State.Name"}])],
    "FIS-ACT-001": [changed(("actions",), {}), changed(("actions",), waits(21))],
    "FIS-ACT-002": [changed((*STOP, "actionId"), "aws:ec2:stop-instance")],
    "FIS-ACT-003": [changed((*STOP, "parameters"), {"duration": "PT5M"})],
    "FIS-ACT-004": [changed(("actions", "Wait", "parameters", "duration"), "PT13H")],
    "FIS-ACT-005": [action(actionId=RUN, parameters=DOCUMENT)],
    "FIS-ACT-006": [changed((*STOP, "targets"), {"Instances": "two"})],
    "FIS-ACT-007": [changed((*STOP, "startAfter"), ["Wait"])],
    "FIS-ACT-008": [changed(("actions",), waits(11))],
    "FIS-STOP-001": [changed(("stopConditions",), [{"source": "none"}])],
    "FIS-STOP-002": [changed(("stopConditions", 0, "value"), "undelivered")],
}
UNSTOPPED = {"actionId": "aws:ec2:stop-instances", "parameters": {}}
FLAG = {"latency": {"enabled": True, "percentage": 100, "min_latency": 100}}
RISKS: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]] = {
    "FIS-STOP-004": ([changed(("stopConditions",), [{"source": "none"}])], [SOUND]),
    "FIS-TGT-008": ([changed(("targets", "two"), SOUND["targets"]["one"])], [SOUND]),
    "FIS-TGT-010": ([changed((*ONE, "resourceTags"), {"team": ""})], [SOUND]),
    "FIS-UNDO-001": (
        [
            action(actionId=f"aws:{name}")
            for name in (
                "ec2:terminate-instances",
                "ec2:reboot-instances",
                "rds:reboot-db-instances",
            )
        ],
        [SOUND, action(actionId="aws:rds:failover-db-cluster")],
    ),
    "FIS-UNDO-002": ([action(**UNSTOPPED)], [SOUND]),
    "LAMBDA-001": (
        [toolkit("add_latency"), toolkit("add_error")],
        [toolkit("put_function_timeout"), toolkit("add_latency", "own.actions"), SOUND],
    ),
    "LAMBDA-002": (
        [
            parameter({"fault_type": "status_code", "rate": 0.5, "is_enabled": True}),
            {"fault_type": "status_code", "rate": 0.99},
        ],
        [
            parameter({"fault_type": "status_code", "rate": 1}),
            parameter({"fault_type": "latency", "rate": 0.5}),
            SOUND,
        ],
    ),
    "LAMBDA-003": (
        [parameter(FLAG), parameter({"isEnabled": True, "failureMode": "latency"})],
        [parameter({"latency": 200}), parameter({"isEnabled": True}), SOUND],
    ),
}


@pytest.mark.parametrize(
    ("rule", "document"), [(rule, document) for rule in ERRORS for document in ERRORS[rule]]
)
def test_a_mistake_is_refused_by_its_rule(rule: str, document: dict[str, Any]) -> None:
    assert RULES[rule].severity is Severity.ERROR
    assert rule in rules(lint(document, production=True))


def test_a_sound_document_breaks_no_rule() -> None:
    assert lint(SOUND, production=True) == risks(SOUND, NOWHERE) == []
    assert lint_probes(PROBES, lasts_s=300) == []


@pytest.mark.parametrize(
    ("rule", "document"), [(rule, document) for rule in RISKS for document in RISKS[rule][0]]
)
def test_a_risk_is_shown_by_its_rule(rule: str, document: dict[str, Any]) -> None:
    assert RULES[rule].severity is Severity.WARNING
    assert rule in rules(risks(document, NOWHERE))


@pytest.mark.parametrize(
    ("rule", "document"), [(rule, document) for rule in RISKS for document in RISKS[rule][1]]
)
def test_what_is_like_it_and_harmless_is_left_alone(rule: str, document: dict[str, Any]) -> None:
    assert rule not in rules(risks(document, NOWHERE))


def test_a_risk_names_its_place() -> None:
    [problem] = risks(parameter(FLAG), NOWHERE)
    assert problem.field == "actions.A.parameters.documentParameters.Value"
    assert "60 s" in problem.message


@pytest.mark.parametrize("odd", [[], {}, ["latency"], None, 5])
def test_what_is_of_another_kind_than_expected_is_read_all_the_same(odd: object) -> None:
    for document in (
        toolkit(odd),  # type: ignore[arg-type]
        parameter({"failureMode": odd, "isEnabled": True}),
        parameter({"fault_type": odd, "rate": odd}),
        parameter({"latency": odd}),
    ):
        assert risks(document, NOWHERE) == []


def test_a_target_without_resources_is_named_once_somebody_looked() -> None:
    assert "FIS-TGT-009" in rules(risks(SOUND, Surroundings(found={})))
    assert "FIS-TGT-009" not in rules(risks(SOUND, Surroundings(found={"one": 1})))
    assert "FIS-TGT-009" not in rules(risks(SOUND, NOWHERE))


@pytest.mark.parametrize("tags", [["ebs"], ["stateful"], ["kafka"], ["quorum", "ec2"]])
def test_volumes_and_majorities_are_warned_about_where_a_zone_goes(tags: list[str]) -> None:
    zone = changed((*ONE, "filters"), ZONE)
    zone["targets"]["one"]["selectionMode"] = "ALL"
    assert "ZONE-001" in rules(risks(zone, Surroundings(architecture_tags=tags)))
    around = Surroundings(failure_family="az-power", architecture_tags=tags)
    assert "ZONE-001" in rules(risks(SOUND, around))
    assert "ZONE-001" not in rules(risks(SOUND, Surroundings(architecture_tags=tags)))
    assert "ZONE-001" not in rules(risks(zone, Surroundings(architecture_tags=["lambda"])))


def spec(**changes: object) -> ProbeSpec:
    return replace(PROBES[0], **changes)  # type: ignore[arg-type]


def math(expression: str) -> ProbeSpec:
    """A probe of metric math over one metric."""
    metric = {"id": "m1", "namespace": "Shop", "metric": "Errors", "stat": "Average"}
    row = {**build.PROBES[0], "kind": "metric_math", "expression": expression, "metrics": [metric]}
    for name in ("namespace", "metric", "dimensions", "stat"):
        row.pop(name)
    [found] = probes_from_json([row])
    return found


BUSINESS = spec()


@pytest.mark.parametrize(
    ("rule", "probes", "lasts_s"),
    [
        ("STEADY-001", [BUSINESS], None),
        ("STEADY-001", [spec(is_business=False), spec(is_business=False)], None),
        ("STEADY-002", [BUSINESS, spec(low=0, high=None)], None),
        ("STEADY-002", [BUSINESS, spec(low=None, high=100)], None),
        ("STEADY-002", [BUSINESS, spec(unit="", stat="Sum", low=0, high=None)], None),
        ("STEADY-003", [spec(low=0, high=0), spec(low=None, high=500, unit="ms")], None),
        ("STEADY-003", [spec(low=None, high=1)] * 2, None),
        ("STEADY-004", [BUSINESS, spec(period_s=300)], 120),
        ("STEADY-005", [BUSINESS, math("m1 - m1")], None),
        ("STEADY-005", [BUSINESS, math("99.9 + 0 * m1")], None),
        ("STEADY-006", [BUSINESS, math("FILL(m1, REPEAT)")], None),
        ("STEADY-006", [BUSINESS, math("100 - 2 * FILL(m1, LINEAR)")], None),
        ("STEADY-006", [BUSINESS, math("FILL(m1, 100)")], None),
        ("STEADY-006", [BUSINESS, math("100 - FILL(100 - m1, 0)")], None),
        ("STEADY-006", [BUSINESS, math("IF(FILL(m1, 0) > 0, m1, 100)")], None),
        ("STEADY-006", [BUSINESS, math("MIN([FILL(m1, 99.9), m1])")], None),
    ],
)
def test_a_steady_state_that_proves_nothing_is_named(
    rule: str, probes: list[ProbeSpec], lasts_s: int | None
) -> None:
    assert rule in rules(lint_probes(probes, lasts_s=lasts_s))


@pytest.mark.parametrize(
    ("probes", "lasts_s"),
    [
        ([BUSINESS, spec(low=0, high=0)], None),
        ([BUSINESS, spec(unit="", low=0, high=None)], None),
        ([BUSINESS, spec(unit="ms", low=None, high=100)], None),
        ([BUSINESS, math("100 - m1")], None),
        ([BUSINESS, math("FILL(m1, 0)")], None),
        ([BUSINESS, math("100 * FILL(m1, 0) / (m1 + 1)")], None),
        ([BUSINESS, math("IF(m1 > 5, 100, 100 + m1)")], None),
        ([BUSINESS, math("100 / FILL(m1, 0)")], None),
        ([BUSINESS, spec(period_s=300)], 300),
        ([BUSINESS, spec(period_s=300)], 0),
    ],
)
def test_a_steady_state_that_can_be_left_is_not(probes: list[ProbeSpec], lasts_s: int) -> None:
    assert lint_probes(probes, lasts_s=lasts_s) == []


def alarm(state: str) -> AlarmReading:
    return AlarmReading(arn="arn:1", name="undelivered", state=state, reason="")


def test_an_alarm_that_is_silent_or_rings_stops_nothing_well() -> None:
    for state in ("ALARM", "INSUFFICIENT_DATA"):
        [problem] = alarm_problems(["arn:1"], [alarm(state)])
        assert (problem.rule_id, problem.message) == ("FIS-STOP-003", f"undelivered is {state}")
    assert rules(alarm_problems(["arn:1", "arn:2"], [alarm("OK")])) == {"FIS-STOP-003"}
    assert alarm_problems(["arn:1"], [alarm("OK")]) == []


def test_the_zones_failure_is_of_a_kind_with_its_parts() -> None:
    assert "instance-loss" in related("az-power")
    assert "lambda-latency" not in related("az-power")


def test_every_rule_is_tested_and_explained() -> None:
    elsewhere = {"FIS-STOP-003", "FIS-TGT-009", "ZONE-001", "KNOWN-001"}
    elsewhere |= {f"CTK-{kind}-001" for kind in ("DOC", "RUN", "UNDO", "STOP")}
    elsewhere |= {f"LAMBDA-00{number}" for number in (4, 5, 6)}
    steady = {f"STEADY-00{number}" for number in range(1, 7)}
    elsewhere |= {"HYPOTHESIS-001", "HYPOTHESIS-002"}
    assert set(RULES) == {*ERRORS, *RISKS, *elsewhere, *steady}
    for rule in RULES.values():
        assert rule.says.endswith("."), rule.id
        assert rule.fix.endswith("."), rule.id
        assert rule.source, rule.id


def test_the_page_of_the_rules_says_what_the_registry_says() -> None:
    page = (Path(__file__).parents[2] / "docs" / "teams" / "lint-rules.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert rows == [
        f"| `{rule.id}` | {rule.says} | {rule.fix} | {rule.source} |" for rule in RULES.values()
    ]
