"""Each scenario of AWS is built sound, for one application and one zone, and says what it asks."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from exercises.domain.errors import Invalid
from exercises.domain.fis_catalogue import actions as known_actions
from exercises.domain.generators import GENERATORS, build_definition
from exercises.domain.parameters import clean, specs_from_json
from exercises.domain.scenarios import SCENARIOS
from exercises.domain.templates_lint import lint
from exercises.domain.timeline import planned_actions, planned_duration_s
from tests.domain.test_generators import CONTEXT

OF_ZONES = {"document_version": 7, "other_zones": ["eu-central-1b", "eu-central-1c"]}
NEEDED = OF_ZONES | {
    "cluster": "main",
    "service": "search",
    "label": "app=search",
    "other_region": "eu-west-1",
}


def answered(key: str, **typed: object) -> dict[str, object]:
    """What has no default is answered, and what is typed."""
    specs = specs_from_json(SCENARIOS[key].parameters)
    asked = {spec.name for spec in specs if spec.required and spec.default is None}
    given = {name: value for name, value in NEEDED.items() if name in asked}
    known = {spec.name for spec in specs}
    return clean(specs, given | {name: value for name, value in typed.items() if name in known})


def built(key: str, **typed: object) -> dict[str, Any]:
    values = answered(key, **typed)
    return build_definition(generator=key, definition={}, values=values, context=CONTEXT)


@pytest.mark.parametrize("key", SCENARIOS)
def test_it_is_sound_and_stays_on_the_application(key: str) -> None:
    for typed in ({}, {"cluster": "arn:aws:eks:eu-central-1:111111111111:cluster/main"}):
        body = built(key, **typed)
        assert lint(body, production=True) == []
        for target in body["targets"].values():
            tags = target.get("resourceTags")
            assert tags is None or tags["chaosplane:application"] == "mqtt-broker"
            assert not SCENARIOS[key].is_zonal or CONTEXT.az in json.dumps(target)
    assert key in GENERATORS


@pytest.mark.parametrize("key", SCENARIOS)
def test_each_parameter_of_its_actions_is_one_that_fis_knows(key: str) -> None:
    for action in built(key)["actions"].values():
        known = known_actions()[action["actionId"]]
        given = action.get("parameters", {}).keys()
        assert set(known.required) <= given <= {*known.required, *known.optional}


@pytest.mark.parametrize("key", SCENARIOS)
def test_without_an_alarm_it_is_refused_in_production(key: str) -> None:
    values = answered(key)
    bare = replace(CONTEXT, alarm_arns=())
    body = build_definition(generator=key, definition={}, values=values, context=bare)
    assert [p.rule_id for p in lint(body, production=True)] == ["FIS-STOP-001"]


def test_pods_are_hit_only_where_a_cluster_is_named() -> None:
    assert set(built("az_application_slowdown")["actions"]) == {"LatencyForEC2", "LatencyForECS"}
    with_pods = built("az_application_slowdown", cluster="main")
    pods = with_pods["targets"]["EKS"]["parameters"]
    assert pods["selectorValue"] == "AZApplicationSlowdown=LatencyForEKS"
    assert "LatencyForEKS" in with_pods["actions"]


def test_traffic_to_the_other_zones_is_what_is_lost() -> None:
    actions = built("cross_az_traffic_slowdown")["actions"]
    sent = json.loads(actions["PacketLossForEC2"]["parameters"]["documentParameters"])
    assert sent["Sources"] == "eu-central-1b,eu-central-1c"
    assert sent["LossPercent"] == "15"
    assert actions["PacketLossForECS"]["parameters"]["sources"] == "eu-central-1b,eu-central-1c"


@pytest.mark.parametrize("missing", OF_ZONES)
def test_what_it_cannot_know_is_asked(missing: str) -> None:
    specs = specs_from_json(SCENARIOS["cross_az_traffic_slowdown"].parameters)
    with pytest.raises(Invalid) as caught:
        clean(specs, {name: value for name, value in OF_ZONES.items() if name != missing})
    assert [field for field, _ in caught.value.problems] == [f"parameters.{missing}"]


@pytest.mark.parametrize("key", [key for key in SCENARIOS if key.startswith("ebs_")])
def test_volumes_are_late_for_fifteen_minutes_step_by_step(key: str) -> None:
    body = built(key)
    assert planned_duration_s(body) == 900
    offsets = [action.offset_s for action in planned_actions(body)]
    assert offsets == sorted(set(offsets))


STRESS = [key for key in SCENARIOS if key.startswith(("ec2_", "eks_"))]


@pytest.mark.parametrize("key", STRESS)
def test_stress_rises_step_by_step(key: str) -> None:
    planned = planned_actions(built(key))
    assert [action.offset_s for action in planned] == [300 * place for place in range(len(planned))]
    assert len(planned) == (1 if key in {"ec2_instance_failure", "eks_pod_delete"} else 3)


def test_the_way_to_another_region_is_cut_in_six_places_at_once() -> None:
    body = built("cross_region_connectivity", subnet_tag="CutMe")
    assert len(body["actions"]) == 6
    assert {action.offset_s for action in planned_actions(body)} == {0}
    assert planned_duration_s(body) == 3 * 3600
    assert body["targets"]["Subnets"]["resourceTags"]["CutMe"] == "Allowed"
    regions = [action["parameters"].get("region") for action in body["actions"].values()]
    assert regions.count("eu-west-1") == 4
