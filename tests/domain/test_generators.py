"""What runs is built from the template and the values, and stays on one application."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercises.domain.errors import Invalid
from exercises.domain.generators import BuildContext, build_definition
from exercises.domain.templates_lint import lint
from exercises.domain.timeline import planned_actions, planned_duration_s

CONTEXT = BuildContext(
    account_id="111111111111",
    region="eu-central-1",
    az="eu-central-1a",
    application="mqtt-broker",
    fis_role_arn="arn:aws:iam::111111111111:role/fis-experiments",
    alarm_arns=("arn:aws:cloudwatch:eu-central-1:111111111111:alarm:undelivered",),
    environment="production",
)
ROLES = [f"arn:aws:iam::111111111111:role/launch-{n}" for n in range(6)]


def az_power(context=CONTEXT, **values):
    return build_definition(generator="az_power", definition={}, values=values, context=context)


@given(
    outage=st.integers(5, 30),
    recovery=st.integers(1, 30),
    network=st.integers(1, 5),
    shift=st.integers(1, 30),
    roles=st.integers(0, 5),
)
def test_every_power_interruption_is_sound_and_scoped(outage, recovery, network, shift, roles):
    body = az_power(
        outage_min=outage,
        recovery_min=recovery,
        network_min=network,
        autoshift_after_min=shift,
        launch_role_arns=ROLES[:roles],
    )
    assert lint(body, production=True) == []
    assert planned_duration_s(body) == (outage + recovery) * 60
    for target in body["targets"].values():
        if "resourceTags" in target:
            assert target["resourceTags"]["chaosplane:application"] == "mqtt-broker"
            assert "AzImpairmentPower" in target["resourceTags"]


def test_volumes_are_late_only_after_power_is_back():
    starts = {a.name: a.offset_s for a in planned_actions(az_power(outage_min=30))}
    assert starts["Pause-EBS-IO"] == 1800
    assert starts["Start-ARC-Zonal-Autoshift"] == 300


def test_launches_fail_only_for_named_roles():
    assert "Pause-Instance-Launches" not in az_power()["actions"]
    body = az_power(launch_role_arns=ROLES[:2])
    assert body["targets"]["IAM-role"]["resourceArns"] == ROLES[:2]


def test_no_autoshift_when_it_would_come_after_the_outage():
    assert "Start-ARC-Zonal-Autoshift" not in az_power(outage_min=5)["actions"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"outage_min": 5, "network_min": 6}, "parameters.network_min"),
        ({"launch_role_arns": ROLES}, "parameters.launch_role_arns"),
        ({"outage_min": "20"}, "parameters.outage_min"),
    ],
)
def test_values_that_do_not_go_together_are_refused_by_name(values, field):
    with pytest.raises(Invalid) as error:
        az_power(**values)
    assert error.value.problems[0][0] == field


def test_a_power_interruption_needs_a_zone():
    context = BuildContext(**{**{f: getattr(CONTEXT, f) for f in CONTEXT.__slots__}, "az": ""})
    with pytest.raises(Invalid) as error:
        az_power(context)
    assert error.value.problems[0][0] == "az"


def test_a_document_takes_its_values_and_where_it_runs():
    definition = {
        "description": "Stop {{application}} in {{az}} ({{account_id}}, {{region}})",
        "roleArn": "{{fis_role_arn}}",
        "stopConditions": [{"source": "aws:cloudwatch:alarm", "value": "{{alarm_arn}}"}],
        "actions": {"a": {"parameters": {"percent": "{{share}}", "duration": "PT{{minutes}}M"}}},
    }
    body = build_definition(
        generator="", definition=definition, values={"minutes": 5, "share": 50}, context=CONTEXT
    )
    assert body == {
        "description": "Stop mqtt-broker in eu-central-1a (111111111111, eu-central-1)",
        "roleArn": CONTEXT.fis_role_arn,
        "stopConditions": [{"source": "aws:cloudwatch:alarm", "value": CONTEXT.alarm_arns[0]}],
        "actions": {"a": {"parameters": {"percent": "50", "duration": "PT5M"}}},
    }


def test_building_leaves_the_template_as_it_was():
    definition = {"actions": {"a": {"parameters": {"percent": "{{share}}"}}}}
    before = json.dumps(definition)
    build_definition(generator="", definition=definition, values={"share": 5}, context=CONTEXT)
    assert json.dumps(definition) == before


def test_an_unknown_generator_is_refused():
    with pytest.raises(Invalid):
        build_definition(generator="magic", definition={}, values={}, context=CONTEXT)
