"""Targets of ECS, EKS and Lambda. Pods are asked of the physics: no AWS API knows them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from simulator.fis.access import Access
from simulator.fis.candidates import Candidate, zone_ids
from simulator.physics import Physics, Pod

PODS: Final = "aws:eks:pod"


def pods(
    parameters: Mapping[str, str], physics: Physics, access: Access, account: str
) -> Iterator[Candidate]:
    """The pods of a cluster and namespace that a label, deployment or name selects."""
    wanted = parameters["selectorValue"]
    chosen: Mapping[str, Callable[[Pod], bool]] = {
        "labelSelector": lambda pod: set(wanted.split(",")) <= pod.labels,
        "deploymentName": lambda pod: pod.deployment == wanted,
        "podName": lambda pod: pod.name == wanted,
    }
    is_chosen = chosen[parameters["selectorType"]]
    zone = parameters.get("availabilityZoneIdentifier")
    ids = zone_ids(access, account) if zone else {}
    for pod in list(physics.pods.values()):
        cluster = {pod.cluster_arn, pod.cluster_arn.rsplit("/", 1)[-1]}
        is_there = zone in (None, pod.zone, ids.get(pod.zone))
        is_theirs = pod.account == account and parameters["clusterIdentifier"] in cluster
        if is_theirs and is_there and pod.namespace == parameters["namespace"] and is_chosen(pod):
            yield Candidate(pod.arn, {}, {}, shown=_shown(pod, parameters))


def _shown(pod: Pod, parameters: Mapping[str, str]) -> dict[str, str]:
    return {
        "pod_name": pod.name,
        "namespace": pod.namespace,
        "cluster_arn": pod.cluster_arn,
        "target_container_name": parameters.get("targetContainerName", ""),
    }


def _tasks(access: Access, account: str, _region: str) -> Iterator[Candidate]:
    client = access.client("ecs", account)
    zones = _zones_of_subnets(access, account)
    for cluster in client.list_clusters()["clusterArns"]:
        arns = [
            arn
            for answer in client.get_paginator("list_tasks").paginate(
                cluster=cluster, desiredStatus="RUNNING"
            )
            for arn in answer["taskArns"]
        ]
        for start in range(0, len(arns), 100):
            described = client.describe_tasks(
                cluster=cluster, tasks=arns[start : start + 100], include=["TAGS"]
            )
            for task in described["tasks"]:
                yield _task(task, zones)


def _task(task: Mapping[str, Any], zones: Mapping[str, str]) -> Candidate:
    subnets = {
        detail["value"]
        for attachment in task["attachments"]
        for detail in attachment["details"]
        if detail["name"] == "subnetId"
    }
    zone = next((zones[subnet] for subnet in subnets if subnet in zones), "")
    cluster = task["clusterArn"]
    return Candidate(
        task["taskArn"],
        {"AvailabilityZone": zone, **_pascal(task)},
        {tag["key"]: tag["value"] for tag in task.get("tags", [])},
        {
            "cluster": {cluster, cluster.rsplit("/", 1)[-1]},
            "service": {task["group"].removeprefix("service:")},
        },
    )


def _zones_of_subnets(access: Access, account: str) -> dict[str, str]:
    return {
        subnet["SubnetId"]: subnet["AvailabilityZone"]
        for answer in access.client("ec2", account).get_paginator("describe_subnets").paginate()
        for subnet in answer["Subnets"]
    }


def _pascal(value: Any) -> Any:
    """ECS and EKS spell `lastStatus` what a filter of FIS calls `LastStatus`."""
    if isinstance(value, Mapping):
        return {key[:1].upper() + key[1:]: _pascal(item) for key, item in value.items()}
    return [_pascal(item) for item in value] if isinstance(value, list) else value


def _ecs_clusters(access: Access, account: str, _region: str) -> Iterator[Candidate]:
    client = access.client("ecs", account)
    for arn in client.list_clusters()["clusterArns"]:
        for cluster in client.describe_clusters(clusters=[arn], include=["TAGS"])["clusters"]:
            tags = {tag["key"]: tag["value"] for tag in cluster.get("tags", [])}
            yield Candidate(arn, _pascal(cluster), tags)


def _eks_clusters(access: Access, account: str, _region: str) -> Iterator[Candidate]:
    client = access.client("eks", account)
    for name in client.list_clusters()["clusters"]:
        cluster = client.describe_cluster(name=name)["cluster"]
        yield Candidate(cluster["arn"], _pascal(cluster), cluster.get("tags", {}))


def _nodegroups(access: Access, account: str, _region: str) -> Iterator[Candidate]:
    client = access.client("eks", account)
    for cluster in client.list_clusters()["clusters"]:
        for name in client.list_nodegroups(clusterName=cluster)["nodegroups"]:
            group = client.describe_nodegroup(clusterName=cluster, nodegroupName=name)["nodegroup"]
            yield Candidate(group["nodegroupArn"], _pascal(group), group.get("tags", {}))


def _functions(access: Access, account: str, _region: str) -> Iterator[Candidate]:
    client = access.client("lambda", account)
    for answer in client.get_paginator("list_functions").paginate():
        for function in answer["Functions"]:
            arn = function["FunctionArn"]
            yield Candidate(arn, function, client.list_tags(Resource=arn)["Tags"])


WORKLOADS: Final[Mapping[str, Callable[[Access, str, str], Iterator[Candidate]]]] = {
    "aws:ecs:task": _tasks,
    "aws:ecs:cluster": _ecs_clusters,
    "aws:eks:cluster": _eks_clusters,
    "aws:eks:nodegroup": _nodegroups,
    "aws:lambda:function": _functions,
}
