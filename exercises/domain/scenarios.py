"""Scenarios of AWS FIS as generators: the console has them, the API does not.

Steps and default numbers are those of the AWS FIS User Guide, "AWS FIS scenario library"; how
the intermittent and the rising ones share their fifteen minutes is ours. Each stays on one
application by its tag. Called by domain.generators and services.template_imports.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from exercises.domain.durations import iso
from exercises.domain.region_scenario import CROSS_REGION
from exercises.domain.scenario_parts import (
    RUNNING,
    Body,
    Scenario,
    Scene,
    Values,
    asked,
    body,
    chained,
    in_zone,
    minutes,
    number,
    text,
    whole,
)
from exercises.domain.stress_scenarios import STRESS
from exercises.domain.workload_scenarios import WORKLOADS

# Default labels and tags of the scenarios, which opt resources in.
SLOWDOWN: Final = "AZApplicationSlowdown"
TRAFFIC: Final = "CrossAZTrafficSlowdown"


# -- Slow or lossy networks ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Network:
    """One network fault on instances, tasks and pods at once."""

    what: str
    prefix: str
    document: str
    task: str
    pod: str
    level: tuple[str, str]
    """The names of its level: in the Systems Manager document, and of the other two."""

    def build(self, values: Values, scene: Scene) -> Body:
        sources = scene.az
        if "other_zones" in values:
            sources = ",".join(cast("list[str]", values["other_zones"]))
        level, length = str(values["level"]), iso(number(values, "minutes") * 60)
        tag = text(values, "tag_key")
        targets = {
            "EC2": _tagged("aws:ec2:instance", tag, f"{self.prefix}EC2", scene, RUNNING)
            | {"filters": [*RUNNING, in_zone(scene, "Placement.AvailabilityZone")]},
            "ECS": _tagged("aws:ecs:task", tag, f"{self.prefix}ECS", scene, ())
            | {"filters": [in_zone(scene, "AvailabilityZone")]},
        }
        actions = {
            f"{self.prefix}EC2": {
                "actionId": "aws:ssm:send-command",
                "parameters": {
                    "documentArn": f"arn:aws:ssm:{scene.region}::document/{self.document}",
                    "documentVersion": str(values["document_version"]),
                    "documentParameters": self._command(sources, level, values),
                    "duration": length,
                },
                "targets": {"Instances": "EC2"},
            },
            f"{self.prefix}ECS": {
                "actionId": f"aws:ecs:{self.task}",
                "parameters": {
                    self.level[1]: level,
                    "duration": length,
                    "flowsPercent": "100",
                    "sources": sources,
                    "installDependencies": "true",
                    "useEcsFaultInjectionEndpoints": "true",
                },
                "targets": {"Tasks": "ECS"},
            },
        }
        if text(values, "cluster"):
            targets["EKS"] = self._pods(values, scene, tag)
            actions[f"{self.prefix}EKS"] = {
                "actionId": f"aws:eks:{self.pod}",
                "parameters": {
                    self.level[1]: level,
                    "duration": length,
                    "flowsPercent": "100",
                    "interface": "DEFAULT",
                    "kubernetesServiceAccount": text(values, "service_account"),
                    "sources": sources,
                },
                "targets": {"Pods": "EKS"},
            }
        return body(scene, self.what, targets, actions)

    def _command(self, sources: str, level: str, values: Values) -> str:
        return json.dumps(
            {
                self.level[0]: level,
                "Sources": sources,
                "Interface": "DEFAULT",
                "TrafficType": "egress",
                "DurationSeconds": str(number(values, "minutes") * 60),
                "FlowsPercent": "100",
                "InstallDependencies": "True",
            }
        )

    def _pods(self, values: Values, scene: Scene, tag: str) -> Body:
        return {
            "resourceType": "aws:eks:pod",
            "parameters": {
                "availabilityZoneIdentifier": scene.az,
                "clusterIdentifier": text(values, "cluster"),
                "namespace": text(values, "namespace"),
                "selectorType": "labelSelector",
                "selectorValue": f"{tag}={self.prefix}EKS",
            },
            "selectionMode": "ALL",
        }


def _tagged(kind: str, key: str, value: str, scene: Scene, filters: Sequence[Body]) -> Body:
    return {
        "resourceType": kind,
        "resourceTags": {key: value, **scene.scope},
        "filters": list(filters),
        "selectionMode": "ALL",
    }


def _of_networks(tag_key: str) -> tuple[Mapping[str, object], ...]:
    return (
        asked(
            "document_version",
            "Version of the Systems Manager document",
            "int",
            required=True,
            minimum=1,
            help="AWS keeps the document; its number says which one everybody agrees to.",
        ),
        asked("tag_key", "Tag and label that opt in", default=tag_key, required=True),
        asked("cluster", "EKS cluster", help="Left empty, no pods are hit."),
        asked("namespace", "Namespace of the pods", default="default", required=True),
        asked(
            "service_account",
            "Kubernetes service account of FIS",
            default="fis-service-account",
            required=True,
        ),
    )


# -- Slow volumes --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Volumes:
    """Latency of volumes in steps; None is a pause without a fault."""

    steps_ms: tuple[int | None, ...]
    read_percent: str
    write_percent: str

    def build(self, values: Values, scene: Scene) -> Body:
        length = iso(number(values, "minutes") * 60)
        steps = [
            (f"Step-{place}", self._step(latency, length))
            for place, latency in enumerate(self.steps_ms, start=1)
        ]
        targets = {
            "Volumes": {
                "resourceType": "aws:ec2:ebs-volume",
                "resourceTags": dict(scene.scope),
                "parameters": {"availabilityZoneIdentifier": scene.az},
                "selectionMode": "ALL",
            }
        }
        return body(scene, "Slow volumes", targets, chained(steps))

    def _step(self, latency: int | None, length: str) -> Body:
        if latency is None:
            return {"actionId": "aws:fis:wait", "parameters": {"duration": length}}
        return {
            "actionId": "aws:ebs:volume-io-latency",
            "parameters": {
                "duration": length,
                "readIOLatencyMilliseconds": str(latency),
                "writeIOLatencyMilliseconds": str(latency),
                "readIOPercentage": self.read_percent,
                "writeIOPercentage": self.write_percent,
            },
            "targets": {"Volumes": "Volumes"},
        }


def _volumes(
    key: str, name: str, summary: str, volumes: _Volumes, lasts: tuple[int, int]
) -> Scenario:
    return Scenario(
        key=key,
        name=f"EBS: {name}",
        summary=summary,
        failure_family="storage-slow",
        rung=2,
        hypothesis="If the data volumes in one zone answer late, then requests stay within "
        "their limits, or work moves to other volumes within 5 minutes.",
        parameters=(minutes(*lasts, label="Each step lasts"),),
        build=volumes.build,
    )


SCENARIOS: Final[Mapping[str, Scenario]] = {
    scenario.key: scenario
    for scenario in (
        Scenario(
            key="az_application_slowdown",
            name="AZ: Application Slowdown",
            summary="Traffic within one Availability Zone is late: instances, tasks and pods "
            "answer each other more slowly.",
            failure_family="network-slow",
            rung=3,
            hypothesis="If everything in one zone answers 200 ms later, then the others carry "
            "on and the service is back inside its limits within 5 minutes.",
            parameters=(
                minutes(30, 60),
                whole("level", "Added latency", "ms", default=200, most=60_000),
                *_of_networks(SLOWDOWN),
            ),
            build=_Network(
                "Slow traffic", "LatencyFor", "AWSFIS-Run-Network-Latency-Sources",
                "task-network-latency", "pod-network-latency",
                ("DelayMilliseconds", "delayMilliseconds"),
            ).build,
        ),
        Scenario(
            key="cross_az_traffic_slowdown",
            name="Cross-AZ: Traffic Slowdown",
            summary="Packets from one Availability Zone to the others are lost.",
            failure_family="network-slow",
            rung=3,
            hypothesis="If 15 % of the packets to other zones are lost, then requests are "
            "answered within their zone and are back inside their limits within 2 minutes.",
            parameters=(
                minutes(30, 60),
                whole("level", "Packets lost", "%", default=15, most=100),
                asked("other_zones", "The other zones", "list", required=True),
                *_of_networks(TRAFFIC),
            ),
            build=_Network(
                "Lost packets", "PacketLossFor", "AWSFIS-Run-Network-Packet-Loss-Sources",
                "task-network-packet-loss", "pod-network-packet-loss",
                ("LossPercent", "lossPercent"),
            ).build,
        ),
        _volumes(
            "ebs_sustained_latency", "Sustained Latency",
            "Data volumes in one Availability Zone answer 500 ms late.",
            _Volumes((500,), "50", "100"), (15, 60),
        ),
        _volumes(
            "ebs_increasing_latency", "Increasing Latency",
            "Data volumes answer later and later, from 50 ms to 15 s.",
            _Volumes((50, 200, 700, 1_000, 15_000), "10", "25"), (3, 10),
        ),
        _volumes(
            "ebs_intermittent_latency", "Intermittent Latency",
            "A few requests to data volumes take up to 30 s, with pauses between.",
            _Volumes((30_000, None, 10_000, None, 20_000), "0.1", "0.1"), (3, 10),
        ),
        _volumes(
            "ebs_decreasing_latency", "Decreasing Latency",
            "Data volumes recover slowly, from 20 s to 40 ms.",
            _Volumes((20_000, 5_000, 900, 300, 40), "10", "10"), (3, 10),
        ),
        CROSS_REGION,
        *STRESS,
        *WORKLOADS,
    )
}  # fmt: skip
