"""The developer platform: caches bound to the volumes of a zone that lost power."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.cloud import RUNNING, ZONE_A
from tests.simulator.worlds import Worlds

NAME = "developer-platform"
MINE = {"chaosplane:application": NAME}
CLUSTER = "arn:aws:eks:eu-central-1:222222222222:cluster/developer-platform"


def lose_zone_a(worlds: Worlds, minutes: int) -> str:
    stop = {
        "actionId": "aws:ec2:stop-instances",
        "parameters": {"startInstancesAfterDuration": f"PT{minutes}M"},
        "targets": {"Instances": "nodes"},
    }
    nodes = {
        "resourceType": "aws:ec2:instance",
        "resourceTags": MINE,
        "filters": [RUNNING, ZONE_A],
        "selectionMode": "ALL",
    }
    return worlds.run({"stop": stop}, {"nodes": nodes})


def pods(**parameters: str) -> dict[str, Any]:
    return {
        "resourceType": "aws:eks:pod",
        "selectionMode": "ALL",
        "parameters": {"clusterIdentifier": NAME, "namespace": "ci", **parameters},
    }


def test_builds_lack_a_cache_for_15_to_20_minutes_when_a_zone_loses_power(worlds: Worlds) -> None:
    worlds.join(NAME)
    assert worlds.value(NAME, "CacheHitRatio") > 90
    lose_zone_a(worlds, minutes=30)

    ratios = worlds.watch(30, NAME, "CacheHitRatio")

    assert 15 * 4 <= sum(ratio < 90 for ratio in ratios) <= 20 * 4
    assert ratios[-1] > 90
    assert min(ratios) < 65


def test_nodes_are_replaced_in_the_other_zones_and_leave_when_theirs_is_back(
    worlds: Worlds,
) -> None:
    worlds.join(NAME)
    lose_zone_a(worlds, minutes=10)
    worlds.cloud.advance(60)
    assert worlds.value(NAME, "ReadyNodes") == 4
    worlds.cloud.advance(180)
    assert worlds.value(NAME, "ReadyNodes") == 6
    worlds.cloud.advance(900)
    assert worlds.value(NAME, "ReadyNodes") == 6


def test_caches_that_move_are_back_within_five_minutes(worlds: Worlds) -> None:
    worlds.join(NAME, caches_move=True)
    lose_zone_a(worlds, minutes=30)

    ratios = worlds.watch(12, NAME, "CacheHitRatio")

    assert 0 < sum(ratio < 90 for ratio in ratios) <= 5 * 4


def test_a_paused_volume_costs_its_cache_as_long_as_it_is_paused(worlds: Worlds) -> None:
    worlds.join(NAME)
    pause = {
        "actionId": "aws:ebs:pause-volume-io",
        "parameters": {"duration": "PT3M"},
        "targets": {"Volumes": "volumes"},
    }
    volumes = {
        "resourceType": "aws:ec2:ebs-volume",
        "resourceTags": {**MINE, "Name": "artifact-cache"},
        "parameters": {"availabilityZoneIdentifier": "eu-central-1b"},
        "selectionMode": "ALL",
    }
    worlds.run({"pause": pause}, {"volumes": volumes})
    worlds.cloud.advance(60)
    assert worlds.value(NAME, "CacheHitRatio") < 65
    worlds.cloud.advance(180)
    assert worlds.value(NAME, "CacheHitRatio") > 90


def test_pods_are_found_by_label_deployment_zone_and_cluster(worlds: Worlds) -> None:
    worlds.join(NAME)
    label = {"selectorType": "labelSelector", "selectorValue": "app=artifact-cache"}
    deployment = {"selectorType": "deploymentName"}
    zone = "eu-central-1c"
    expected = [
        (pods(**label), 3),
        (pods(**deployment, selectorValue="artifact-cache"), 3),
        (pods(**deployment, selectorValue="another"), 0),
        (pods(**label, availabilityZoneIdentifier=zone), 1),
        (pods(**label, clusterIdentifier="another"), 0),
    ]
    names = [f"pods{number}" for number, _ in enumerate(expected)]
    delete = {"actionId": "aws:eks:pod-delete", "parameters": {"kubernetesServiceAccount": "f"}}
    ref = worlds.run(
        {name: {**delete, "targets": {"Pods": name}} for name in names},
        dict(zip(names, [target for target, _ in expected], strict=True)),
        {"accountTargeting": "single-account", "emptyTargetResolutionMode": "skip"},
        mode="skip-all",
    )
    worlds.cloud.advance(10)

    found = [worlds.targets_of(ref, name) for name in names]
    assert [len(each) for each in found] == [count for _, count in expected]
    assert {each["cluster_arn"] for each in found[0]} == {CLUSTER}
    assert found[3][0]["pod_name"].startswith("artifact-cache-c-")


def test_a_deleted_pod_comes_back_on_its_volume_within_two_minutes(worlds: Worlds) -> None:
    worlds.join(NAME)
    delete = {
        "actionId": "aws:eks:pod-delete",
        "parameters": {"kubernetesServiceAccount": "faults"},
        "targets": {"Pods": "pods"},
    }
    target = pods(selectorType="deploymentName", selectorValue="artifact-cache")
    worlds.run({"delete": delete}, {"pods": {**target, "selectionMode": "COUNT(1)"}})

    ratios = worlds.watch(3, NAME, "CacheHitRatio")

    assert min(ratios) < 65
    assert ratios[-1] > 90


def test_half_of_a_node_group_is_terminated_and_grows_again(worlds: Worlds) -> None:
    worlds.join(NAME)
    terminate = {
        "actionId": "aws:eks:terminate-nodegroup-instances",
        "parameters": {"instanceTerminationPercentage": "50"},
        "targets": {"Nodegroups": "groups"},
    }
    groups = {
        "resourceType": "aws:eks:nodegroup",
        "resourceTags": MINE,
        "selectionMode": "ALL",
    }
    worlds.run({"terminate": terminate}, {"groups": groups})
    worlds.cloud.advance(45)
    assert worlds.value(NAME, "ReadyNodes") == 3
    worlds.cloud.advance(240)
    assert worlds.value(NAME, "ReadyNodes") == 6


def test_a_volume_whose_node_was_terminated_moves_to_another_node_of_its_zone(
    worlds: Worlds,
) -> None:
    worlds.join(NAME)
    ec2 = worlds.client("ec2")
    mine = [{"Name": "tag:Name", "Values": ["artifact-cache"]}]
    holders = {
        volume["VolumeId"]: volume["Attachments"][0]["InstanceId"]
        for volume in ec2.describe_volumes(Filters=mine)["Volumes"]
    }
    ec2.terminate_instances(InstanceIds=list(holders.values()))
    worlds.cloud.advance(30)

    for volume in ec2.describe_volumes(Filters=mine)["Volumes"]:
        (attachment,) = volume["Attachments"]
        assert attachment["InstanceId"] != holders[volume["VolumeId"]]


@pytest.mark.parametrize(
    ("application", "reason"),
    [
        (NAME, "Action was completed."),
        ("mqtt-broker", "Action was completed: it has no effect in this simulator."),
    ],
)
def test_latency_of_volumes_slows_builds_and_is_no_effect_where_nobody_feels_it(
    worlds: Worlds, application: str, reason: str
) -> None:
    worlds.join(NAME)
    before = worlds.value(NAME, "BuildDurationP95")
    account = "222222222222" if application == NAME else "111111111111"
    slow = {
        "actionId": "aws:ebs:volume-io-latency",
        "parameters": {"duration": "PT2M", "readIOLatencyMilliseconds": "500"},
        "targets": {"Volumes": "volumes"},
    }
    volumes = {
        "resourceType": "aws:ec2:ebs-volume",
        "resourceTags": {"chaosplane:application": application},
        "selectionMode": "ALL",
    }
    fis = worlds.cloud.client("fis", account)
    template = worlds.cloud.template(account, actions={"slow": slow}, targets={"volumes": volumes})
    ref = fis.start_experiment(experimentTemplateId=template["id"])["experiment"]["id"]
    worlds.cloud.advance(60)
    during = worlds.value(NAME, "BuildDurationP95")
    worlds.cloud.advance(120)

    state = fis.get_experiment(id=ref)["experiment"]["actions"]["slow"]["state"]
    assert (during > before * 1.5) is (application == NAME)
    assert state == {"status": "completed", "reason": reason}
