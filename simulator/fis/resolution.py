"""Which resources a target means: by ARN, tags, filters and parameters, then selected.

Called once per target at the start of an experiment. AWS FIS User Guide, "Targets for AWS FIS".
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from simulator.fis.access import Access
from simulator.fis.candidates import Candidate, Document, tags_of, zone_ids
from simulator.fis.records import Resource
from simulator.fis.workloads import PODS, WORKLOADS, pods
from simulator.physics import Physics


class MissingResource(Exception):
    """A resource that a target names by its ARN is not there."""


def resolve(
    target: Document,
    access: Access,
    accounts: Sequence[str],
    region: str,
    physics: Physics,
    rng: random.Random,
) -> list[Resource]:
    """The resources of one target over all accounts, after its selection mode."""
    found = [
        Resource(account, candidate.arn, candidate.shown)
        for account in accounts
        for candidate in _matching(target, access, account, region, physics)
    ]
    missing = set(target.get("resourceArns", [])) - {resource.arn for resource in found}
    if missing:
        raise MissingResource(f"Resources not found: {', '.join(sorted(missing))}.")
    return select(target["selectionMode"], found, rng)


def select(mode: str, found: list[Resource], rng: random.Random) -> list[Resource]:
    """ALL, COUNT(n) or PERCENT(n), which rounds down."""
    if mode == "ALL":
        return found
    number = int(re.findall(r"\d+", mode)[0])
    size = number if mode.startswith("COUNT") else len(found) * number // 100
    return rng.sample(found, min(size, len(found)))


def _matching(
    target: Document, access: Access, account: str, region: str, physics: Physics
) -> Iterator[Candidate]:
    if target["resourceType"] == PODS:
        yield from pods(target["parameters"], physics, access, account)
        return
    list_candidates = CANDIDATES.get(target["resourceType"])
    if list_candidates is None:
        return
    arns, tags = target.get("resourceArns"), target.get("resourceTags", {})
    for candidate in list_candidates(access, account, region):
        if arns and candidate.arn not in arns:
            continue
        if any(candidate.tags.get(key) != value for key, value in tags.items()):
            continue
        if not all(_passes(candidate.document, each) for each in target.get("filters", [])):
            continue
        if _fits(candidate, target.get("parameters", {})):
            yield candidate


def _passes(document: Document, wanted: Document) -> bool:
    values = set(_at(document, wanted["path"].split(".")))
    return bool(values & set(wanted["values"]))


def _at(value: Any, path: Sequence[str]) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _at(item, path)
    elif path:
        if isinstance(value, Mapping) and path[0] in value:
            yield from _at(value[path[0]], path[1:])
    elif isinstance(value, bool):
        yield str(value).lower()
    else:
        yield str(value)


def _fits(candidate: Candidate, parameters: Mapping[str, str]) -> bool:
    document = candidate.document
    for name, text in parameters.items():
        wanted = set(text.split(","))
        if name in candidate.named and not wanted & set(candidate.named[name]):
            return False
        if name == "vpc" and document["VpcId"] not in wanted:
            return False
        if name in ZONE_PARAMETERS and wanted != {"all"} and not wanted & set(document["Zones"]):
            return False
    return True


ZONE_PARAMETERS = {
    "availabilityZoneIdentifier",
    "availabilityZoneIdentifiers",
    "writerAvailabilityZoneIdentifiers",
}


def _instances(access: Access, account: str, region: str) -> Iterator[Candidate]:
    pages = access.client("ec2", account).get_paginator("describe_instances").paginate()
    for answer in pages:
        for reservation in answer["Reservations"]:
            for instance in reservation["Instances"]:
                if instance["State"]["Name"] != "terminated":
                    arn = f"arn:aws:ec2:{region}:{account}:instance/{instance['InstanceId']}"
                    yield Candidate(arn, instance, tags_of(instance.get("Tags")))


def _volumes(access: Access, account: str, region: str) -> Iterator[Candidate]:
    ids = zone_ids(access, account)
    for answer in access.client("ec2", account).get_paginator("describe_volumes").paginate():
        for volume in answer["Volumes"]:
            zone = volume["AvailabilityZone"]
            document = {**volume, "Zones": [zone, ids[zone]]}
            arn = f"arn:aws:ec2:{region}:{account}:volume/{volume['VolumeId']}"
            yield Candidate(arn, document, tags_of(volume.get("Tags")))


def _subnets(access: Access, account: str, _region: str) -> Iterator[Candidate]:
    for answer in access.client("ec2", account).get_paginator("describe_subnets").paginate():
        for subnet in answer["Subnets"]:
            zones = [subnet["AvailabilityZone"], subnet["AvailabilityZoneId"]]
            document = {**subnet, "Zones": zones}
            yield Candidate(subnet["SubnetArn"], document, tags_of(subnet.get("Tags")))


def _groups(access: Access, account: str, _region: str) -> Iterator[Candidate]:
    client = access.client("autoscaling", account)
    for answer in client.get_paginator("describe_auto_scaling_groups").paginate():
        for group in answer["AutoScalingGroups"]:
            yield Candidate(group["AutoScalingGroupARN"], group, tags_of(group.get("Tags")))


def _databases(access: Access, account: str, _region: str) -> Iterator[Candidate]:
    ids = zone_ids(access, account)
    for answer in access.client("rds", account).get_paginator("describe_db_instances").paginate():
        for database in answer["DBInstances"]:
            zone = database["AvailabilityZone"]
            document = {**database, "Zones": [zone, ids[zone]]}
            yield Candidate(database["DBInstanceArn"], document, tags_of(database.get("TagList")))


def _clusters(access: Access, account: str, region: str) -> Iterator[Candidate]:
    zones = {
        database.document["DBInstanceIdentifier"]: database.document["Zones"]
        for database in _databases(access, account, region)
    }
    for answer in access.client("rds", account).get_paginator("describe_db_clusters").paginate():
        for cluster in answer["DBClusters"]:
            writers = [
                zone
                for member in cluster["DBClusterMembers"]
                if member["IsClusterWriter"]
                for zone in zones[member["DBInstanceIdentifier"]]
            ]
            document = {**cluster, "Zones": writers}
            yield Candidate(cluster["DBClusterArn"], document, tags_of(cluster.get("TagList")))


def _roles(access: Access, account: str, _region: str) -> Iterator[Candidate]:
    for answer in access.client("iam", account).get_paginator("list_roles").paginate():
        for role in answer["Roles"]:
            yield Candidate(role["Arn"], role, tags_of(role.get("Tags")))


CANDIDATES: Mapping[str, Callable[[Access, str, str], Iterator[Candidate]]] = {
    "aws:ec2:instance": _instances,
    "aws:ec2:ebs-volume": _volumes,
    "aws:ec2:subnet": _subnets,
    "aws:ec2:autoscaling-group": _groups,
    "aws:rds:cluster": _clusters,
    "aws:rds:db": _databases,
    "aws:iam:role": _roles,
    **WORKLOADS,
}
