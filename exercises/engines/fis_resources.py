"""What FIS can aim at, read with Describe calls of the read role. Used by fis_targets.

One reader a resource type. Each gives the resource's own description too, because FIS
filters are paths into it (AWS FIS User Guide, "Resource filters"). Types without a reader
here are found by their tags (fis_tagged) or named by the definition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from exercises.aws.failures import aws_errors
from exercises.aws.sessions import Purpose, client
from exercises.domain.plans import AccountAccess


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource: where it stands, how people call it, and how AWS describes it."""

    arn: str
    az: str
    label: str
    tags: Mapping[str, str]
    description: Mapping[str, Any] = field(default_factory=dict)


Reader = Callable[[AccountAccess, Sequence[str]], Iterator[Resource]]
"""Reads the resources that have at least one of these tag keys; all of them for none."""


def resources(access: AccountAccess, resource_type: str, tag_keys: Sequence[str]) -> list[Resource]:
    """All resources of a type that may match. Empty for a type that has no reader."""
    reader = _READERS.get(resource_type)
    if reader is None:
        return []
    with aws_errors(f"describe {resource_type} in {access.account_id}"):
        return list(reader(access, tag_keys))


def has_reader(resource_type: str) -> bool:
    """Whether resources of this type are described here."""
    return resource_type in _READERS


def zone_names(access: AccountAccess, identifiers: Iterable[str]) -> set[str]:
    """Zone names for names or ids (euc1-az2), which differ from account to account."""
    wanted = set(identifiers)
    if not any("-az" in identifier for identifier in wanted):
        return wanted
    ec2 = client(access, "ec2", Purpose.READ)
    with aws_errors(f"describe Availability Zones in {access.account_id}"):
        zones = ec2.describe_availability_zones()["AvailabilityZones"]
    return {zone["ZoneName"] for zone in zones if wanted & {zone["ZoneName"], zone["ZoneId"]}}


def _ec2(
    access: AccountAccess, operation: str, member: str, tag_keys: Sequence[str]
) -> Iterator[Mapping[str, Any]]:
    ec2 = client(access, "ec2", Purpose.READ)
    filters = [{"Name": "tag-key", "Values": list(tag_keys)}] if tag_keys else []
    for page in ec2.get_paginator(operation).paginate(Filters=filters):
        yield from page[member]


def _ec2_arn(access: AccountAccess, kind: str, name: str) -> str:
    return f"arn:aws:ec2:{access.region}:{access.account_id}:{kind}/{name}"


def _instances(access: AccountAccess, tag_keys: Sequence[str]) -> Iterator[Resource]:
    for reservation in _ec2(access, "describe_instances", "Reservations", tag_keys):
        for found in reservation["Instances"]:
            tags = _tags(found.get("Tags"))
            yield Resource(
                arn=_ec2_arn(access, "instance", found["InstanceId"]),
                az=found["Placement"]["AvailabilityZone"],
                label=tags.get("Name", found["InstanceId"]),
                tags=tags,
                description=found,
            )


def _volumes(access: AccountAccess, tag_keys: Sequence[str]) -> Iterator[Resource]:
    for found in _ec2(access, "describe_volumes", "Volumes", tag_keys):
        tags = _tags(found.get("Tags"))
        yield Resource(
            arn=_ec2_arn(access, "volume", found["VolumeId"]),
            az=found["AvailabilityZone"],
            label=tags.get("Name", found["VolumeId"]),
            tags=tags,
            description=found,
        )


def _subnets(access: AccountAccess, tag_keys: Sequence[str]) -> Iterator[Resource]:
    for found in _ec2(access, "describe_subnets", "Subnets", tag_keys):
        tags = _tags(found.get("Tags"))
        yield Resource(
            arn=found.get("SubnetArn") or _ec2_arn(access, "subnet", found["SubnetId"]),
            az=found["AvailabilityZone"],
            label=tags.get("Name", found["SubnetId"]),
            tags=tags,
            description=found,
        )


def _auto_scaling_groups(access: AccountAccess, tag_keys: Sequence[str]) -> Iterator[Resource]:
    autoscaling = client(access, "autoscaling", Purpose.READ)
    for page in autoscaling.get_paginator("describe_auto_scaling_groups").paginate():
        for found in page["AutoScalingGroups"]:
            yield Resource(
                arn=found["AutoScalingGroupARN"],
                az=", ".join(found.get("AvailabilityZones", [])),
                label=found["AutoScalingGroupName"],
                tags=_tags(found.get("Tags")),
                description=found,
            )


def _db_clusters(access: AccountAccess, tag_keys: Sequence[str]) -> Iterator[Resource]:
    zones = {
        found["DBInstanceIdentifier"]: found.get("AvailabilityZone", "")
        for found in _rds(access, "describe_db_instances", "DBInstances")
    }
    for found in _rds(access, "describe_db_clusters", "DBClusters"):
        writers = [
            zones.get(member["DBInstanceIdentifier"], "")
            for member in found.get("DBClusterMembers", [])
            if member.get("IsClusterWriter")
        ]
        yield Resource(
            arn=found["DBClusterArn"],
            az=next(iter(writers), ""),
            label=found["DBClusterIdentifier"],
            tags=_tags(found.get("TagList")),
            description=found,
        )


def _db_instances(access: AccountAccess, tag_keys: Sequence[str]) -> Iterator[Resource]:
    for found in _rds(access, "describe_db_instances", "DBInstances"):
        yield Resource(
            arn=found["DBInstanceArn"],
            az=found.get("AvailabilityZone", ""),
            label=found["DBInstanceIdentifier"],
            tags=_tags(found.get("TagList")),
            description=found,
        )


def _rds(access: AccountAccess, operation: str, member: str) -> Iterator[Mapping[str, Any]]:
    rds = client(access, "rds", Purpose.READ)
    for page in rds.get_paginator(operation).paginate():
        yield from page[member]


def _tags(pairs: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    return {pair["Key"]: pair["Value"] for pair in pairs or ()}


_READERS: Final[dict[str, Reader]] = {
    "aws:ec2:instance": _instances,
    "aws:ec2:ebs-volume": _volumes,
    "aws:ec2:subnet": _subnets,
    "aws:ec2:autoscaling-group": _auto_scaling_groups,
    "aws:rds:cluster": _db_clusters,
    "aws:rds:db": _db_instances,
}
