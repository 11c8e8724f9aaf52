"""EC2 stress and EKS stress of AWS's scenario library: levels that rise step by step.

The shape is that of the AWS FIS User Guide, "AWS FIS scenario library"; the levels are ours,
because AWS prints none. Each stays on one application by its tag, and on one zone. Called by
domain.scenarios.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from exercises.domain.durations import iso
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
)

STEP_MIN: Final = 5


def _instances(scene: Scene) -> Body:
    return {
        "Instances": {
            "resourceType": "aws:ec2:instance",
            "resourceTags": dict(scene.scope),
            "filters": [*RUNNING, in_zone(scene, "Placement.AvailabilityZone")],
            "selectionMode": "ALL",
        }
    }


def _stop(values: Values, scene: Scene) -> Body:
    action = {
        "actionId": "aws:ec2:stop-instances",
        "parameters": {"startInstancesAfterDuration": iso(number(values, "minutes") * 60)},
        "targets": {"Instances": "Instances"},
    }
    actions = {"Stop-instances": action}
    return body(scene, "Loss of instances", _instances(scene), actions, empty="fail")


@dataclass(frozen=True, slots=True)
class _OnInstances:
    """A document of Systems Manager, run with one level after another."""

    what: str
    document: str
    field: str
    levels: tuple[int, ...]
    more: Mapping[str, str]

    def build(self, values: Values, scene: Scene) -> Body:
        steps = [
            (f"Step-{place}", self._step(level, values, scene))
            for place, level in enumerate(self.levels, start=1)
        ]
        return body(scene, self.what, _instances(scene), chained(steps), empty="fail")

    def _step(self, level: int, values: Values, scene: Scene) -> Body:
        seconds = number(values, "minutes") * 60
        sent = {
            "DurationSeconds": str(seconds),
            self.field: str(level),
            "InstallDependencies": "True",
            **self.more,
        }
        return {
            "actionId": "aws:ssm:send-command",
            "parameters": {
                "documentArn": f"arn:aws:ssm:{scene.region}::document/{self.document}",
                "documentVersion": str(values["document_version"]),
                "documentParameters": json.dumps(sent),
                "duration": iso(seconds),
            },
            "targets": {"Instances": "Instances"},
        }


@dataclass(frozen=True, slots=True)
class _OnPods:
    """An action on pods, run with one level after another; without a level, once."""

    what: str
    action: str
    field: str = ""
    levels: tuple[int, ...] = ()

    def build(self, values: Values, scene: Scene) -> Body:
        targets = {
            "Pods": {
                "resourceType": "aws:eks:pod",
                "parameters": {
                    "availabilityZoneIdentifier": scene.az,
                    "clusterIdentifier": text(values, "cluster"),
                    "namespace": text(values, "namespace"),
                    "selectorType": "labelSelector",
                    "selectorValue": text(values, "label"),
                },
                "selectionMode": "ALL",
            }
        }
        steps = [
            (f"Step-{place}", self._step(level, values))
            for place, level in enumerate(self.levels or (None,), start=1)
        ]
        return body(scene, self.what, targets, chained(steps), empty="fail")

    def _step(self, level: int | None, values: Values) -> Body:
        parameters = {"kubernetesServiceAccount": text(values, "service_account")}
        if level is not None:
            parameters |= {
                "duration": iso(number(values, "minutes") * 60),
                self.field: str(level),
            }
        return {
            "actionId": f"aws:eks:{self.action}",
            "parameters": parameters,
            "targets": {"Pods": "Pods"},
        }


_LASTS: Final = minutes(STEP_MIN, 60, label="Each step lasts")
_DOCUMENT: Final = asked(
    "document_version",
    "Version of the Systems Manager document",
    "int",
    required=True,
    minimum=1,
    help="AWS keeps the document; its number says which one everybody agrees to.",
)
_PODS: Final = (
    asked("cluster", "EKS cluster", required=True),
    asked("namespace", "Namespace of the pods", default="default", required=True),
    asked("label", "Label of the pods", required=True, help="As in Kubernetes: app=search."),
    asked(
        "service_account",
        "Kubernetes service account of FIS",
        default="fis-service-account",
        required=True,
    ),
)


def _ec2(key: str, name: str, summary: str, family: str, stress: _OnInstances) -> Scenario:
    return Scenario(
        key=f"ec2_{key}",
        name=f"EC2 stress: {name}",
        summary=summary,
        failure_family=family,
        rung=3,
        hypothesis="If the instances in one zone are under stress, then the others carry on and "
        "the service is back inside its limits within 5 minutes.",
        parameters=(_LASTS, _DOCUMENT),
        build=stress.build,
    )


def _eks(key: str, name: str, summary: str, family: str, stress: _OnPods) -> Scenario:
    return Scenario(
        key=f"eks_{key}",
        name=f"EKS stress: {name}",
        summary=summary,
        failure_family=family,
        rung=3,
        hypothesis="If the pods in one zone are under stress, then the others carry on and the "
        "service is back inside its limits within 5 minutes.",
        parameters=((_LASTS, *_PODS) if stress.levels else _PODS),
        build=stress.build,
    )


STRESS: Final = (
    Scenario(
        key="ec2_instance_failure",
        name="EC2 stress: Instance Failure",
        summary="The application's instances in one Availability Zone stop and start again.",
        failure_family="instance-loss",
        rung=3,
        hypothesis="If the instances in one zone stop, then the others carry on and the service "
        "is back inside its limits within 5 minutes.",
        parameters=(minutes(STEP_MIN, 60, label="Stopped for"),),
        build=_stop,
    ),
    _ec2("cpu", "CPU", "Processors of instances get busier, up to all of their time.",
         "cpu-stress",
         _OnInstances("Busy processors", "AWSFIS-Run-CPU-Stress", "LoadPercent", (50, 75, 100),
                      {"CPU": "0"})),
    _ec2("memory", "Memory", "Instances have less and less memory left.", "memory-stress",
         _OnInstances("Little memory", "AWSFIS-Run-Memory-Stress", "Percent", (50, 75, 90),
                      {"Workers": "1"})),
    _ec2("disk", "Disk", "The disks of instances fill.", "disk-full",
         _OnInstances("Full disks", "AWSFIS-Run-Disk-Fill", "Percent", (75, 85, 95), {})),
    _ec2("network_latency", "Network Latency", "Packets from instances are later and later.",
         "network-slow",
         _OnInstances("Slow network", "AWSFIS-Run-Network-Latency", "DelayMilliseconds",
                      (100, 200, 500), {"Interface": "DEFAULT"})),
    _eks("pod_delete", "Pod Delete", "Pods end; Kubernetes starts others.", "task-loss",
         _OnPods("Loss of pods", "pod-delete")),
    _eks("cpu", "CPU", "Processors of pods get busier, up to all of their time.", "cpu-stress",
         _OnPods("Busy pods", "pod-cpu-stress", "percent", (50, 75, 100))),
    _eks("memory", "Memory", "Pods have less and less memory left.", "memory-stress",
         _OnPods("Little memory of pods", "pod-memory-stress", "percent", (50, 75, 90))),
    _eks("disk", "Disk", "The disks of pods are busy.", "disk-busy",
         _OnPods("Busy disks of pods", "pod-io-stress", "percent", (50, 75, 90))),
    _eks("network_latency", "Network Latency", "Packets from pods are later and later.",
         "network-slow",
         _OnPods("Slow network of pods", "pod-network-latency", "delayMilliseconds",
                 (100, 200, 500))),
)  # fmt: skip
