"""What concerns several worlds: a scenario over two of them, and the seed."""

from __future__ import annotations

import random
from typing import cast

from simulator.physics import Physics
from simulator.seeding import Builder
from simulator.systems.developer_platform import NODES, DeveloperPlatform
from simulator.world.nodes import Node
from tests.simulator.worlds import Worlds

ZONE = "eu-central-1a"
COMMON = {"duration": "PT3M", "delayMilliseconds": "2000", "flowsPercent": "100", "sources": ZONE}


def test_the_az_application_slowdown_is_felt_in_containers_and_skipped_where_there_are_none(
    worlds: Worlds,
) -> None:
    worlds.join("content-moderation")
    worlds.join("developer-platform")
    builds = worlds.value("developer-platform", "BuildDurationP95")
    ref = worlds.run(
        {
            "LatencyForEC2": {
                "actionId": "aws:ssm:send-command",
                "parameters": {
                    "documentArn": "arn:aws:ssm:eu-central-1::document/AWSFIS-Run-Network-Latency",
                    "documentParameters": '{"DelayMilliseconds": "200"}',
                    "duration": "PT3M",
                },
                "targets": {"Instances": "instances"},
            },
            "LatencyForECS": {
                "actionId": "aws:ecs:task-network-latency",
                "parameters": {**COMMON, "useEcsFaultInjectionEndpoints": "true"},
                "targets": {"Tasks": "tasks"},
            },
            "LatencyForEKS": {
                "actionId": "aws:eks:pod-network-latency",
                "parameters": {**COMMON, "kubernetesServiceAccount": "faults"},
                "targets": {"Pods": "pods"},
            },
        },
        {
            "instances": {
                "resourceType": "aws:ec2:instance",
                "resourceTags": {"AZApplicationSlowdown": "LatencyForEC2"},
                "selectionMode": "ALL",
            },
            "tasks": {
                "resourceType": "aws:ecs:task",
                "resourceTags": {"AZApplicationSlowdown": "LatencyForECS"},
                "filters": [{"path": "AvailabilityZone", "values": [ZONE]}],
                "selectionMode": "ALL",
            },
            "pods": {
                "resourceType": "aws:eks:pod",
                "parameters": {
                    "availabilityZoneIdentifier": ZONE,
                    "clusterIdentifier": "developer-platform",
                    "namespace": "ci",
                    "selectorType": "labelSelector",
                    "selectorValue": "AZApplicationSlowdown=LatencyForEKS",
                },
                "selectionMode": "ALL",
            },
        },
        {"accountTargeting": "single-account", "emptyTargetResolutionMode": "skip"},
    )
    worlds.cloud.advance(60)
    assert worlds.value("content-moderation", "ModerationTimeMax") > 70
    assert worlds.value("developer-platform", "BuildDurationP95") > 1.5 * builds
    worlds.cloud.advance(180)

    actions = worlds.experiment(ref)["actions"]
    assert {name: action["state"]["reason"] for name, action in actions.items()} == {
        "LatencyForEC2": "Action was skipped: no target resources.",
        "LatencyForECS": "Action was completed.",
        "LatencyForEKS": "Action was completed.",
    }


def test_the_same_seed_gives_the_same_outage() -> None:
    def outage(seed: str) -> list[float]:
        nobody = cast("Builder", None)  # steps only look; nothing is built
        system = DeveloperPlatform(Physics(), nobody, random.Random(seed))
        values: list[float] = []
        for second in range(0, 2400, 15):
            lit = [
                Node(name, zone, name, "running", zone != ZONE or second < 600, is_paused=False)
                for name, zone in NODES.names()
            ]
            (measured,) = system.step(float(second), lit).values()
            values += measured.values()
        return values

    assert outage("7") == outage("7")
    assert outage("7") != outage("8")
