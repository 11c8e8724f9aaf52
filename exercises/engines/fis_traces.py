"""How each kind of trace is read: few calls, in batches, by id. Used by fis_snapshot.

A resource that AWS does not know any more has no trace. Ids go into filters where there is
one, because a describe call by id fails as a whole when one of them is gone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from exercises.aws.failures import error_code
from exercises.aws.sessions import Purpose, client
from exercises.domain.plans import AccountAccess
from exercises.domain.snapshots import Calls, Trace

_BATCH: Final = 100
_FIS_TAGS: Final = ("managedByFIS", "fisExperimentId")
_GROUP_TAG: Final = "aws:autoscaling:groupName"
_CONFIGURED_AT: Final = "AWS_FIS_CONFIGURATION_LOCATION"
_PAUSE: Final = "DoNotModifyFisDynamoDbPauseReplication"
_UNDER_WAY: Final = frozenset({"Pending", "InProgress", "Delayed", "Cancelling"})


@dataclass(frozen=True, slots=True)
class Asked:
    """One account and how often it may still be asked; `documents` are those that the
    definition has Systems Manager run."""

    access: AccountAccess
    calls: Calls
    documents: frozenset[str]

    def client(self, service: str) -> Any:
        return client(self.access, service, Purpose.READ)

    def pages(self, service: str, operation: str, **given: Any) -> Iterator[Mapping[str, Any]]:
        pages = iter(self.client(service).get_paginator(operation).paginate(**given))
        while True:
            self.calls.spend()
            page = next(pages, None)
            if page is None:
                return
            yield page

    def filtered(
        self, operation: str, member: str, name: str, ids: Sequence[str]
    ) -> Iterator[Mapping[str, Any]]:
        """What EC2 describes of these ids."""
        for batch in _batches(ids, _BATCH):
            filters = [{"Name": name, "Values": batch}]
            for page in self.pages("ec2", operation, Filters=filters):
                yield from page[member]


Reader = Callable[[Asked, Sequence[str]], Iterator[Trace]]


def _instances(asked: Asked, arns: Sequence[str]) -> Iterator[Trace]:
    known = {_id(arn): arn for arn in arns}
    rows = asked.filtered("describe_instances", "Reservations", "instance-id", list(known))
    for found in (instance for row in rows for instance in row["Instances"]):
        tags = _tags(found.get("Tags"))
        yield Trace(
            "instances",
            known[found["InstanceId"]],
            tags.get("Name", found["InstanceId"]),
            {"state": found["State"]["Name"], "group": tags.get(_GROUP_TAG, "")},
        )


def _groups(asked: Asked, names: Sequence[str]) -> Iterator[Trace]:
    for batch in _batches(sorted({_id(name) for name in names}), 50):
        for page in asked.pages(
            "autoscaling", "describe_auto_scaling_groups", AutoScalingGroupNames=batch
        ):
            for found in page["AutoScalingGroups"]:
                states = [each["LifecycleState"] for each in found["Instances"]]
                suspended = [each["ProcessName"] for each in found.get("SuspendedProcesses", [])]
                name = found["AutoScalingGroupName"]
                values = {
                    "desired": found["DesiredCapacity"],
                    "in_service": states.count("InService"),
                    "suspended": sorted(suspended),
                }
                yield Trace("groups", found["AutoScalingGroupARN"], name, values)


def _volumes(asked: Asked, arns: Sequence[str]) -> Iterator[Trace]:
    known = {_id(arn): arn for arn in arns}
    for found in asked.filtered("describe_volumes", "Volumes", "volume-id", list(known)):
        held: Mapping[str, str] = next(iter(found.get("Attachments", [])), {})
        yield Trace(
            "volumes",
            known[found["VolumeId"]],
            _tags(found.get("Tags")).get("Name", found["VolumeId"]),
            {"attached": held.get("InstanceId", ""), "device": held.get("Device", "")},
        )


def _subnets(asked: Asked, arns: Sequence[str]) -> Iterator[Trace]:
    ids = [_id(arn) for arn in arns]
    acls = _acls(asked, ids)
    tables = _tables_of(asked, ids)
    for arn, subnet in zip(arns, ids, strict=True):
        if subnet in acls:
            yield Trace("subnets", arn, subnet, {**acls[subnet], **tables.get(subnet, _NO_TABLE)})


_NO_TABLE: Final = {"routes": "", "route_association": "", "blackholes": 0}


def _acls(asked: Asked, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    name, found = "association.subnet-id", {}
    for acl in asked.filtered("describe_network_acls", "NetworkAcls", name, ids):
        tags = _tags(acl.get("Tags"))
        is_of_fis = tags.get(_FIS_TAGS[0]) == "true"
        for association in acl["Associations"]:
            found[association["SubnetId"]] = {
                "acl": acl["NetworkAclId"],
                "acl_association": association["NetworkAclAssociationId"],
                "acl_of": tags.get(_FIS_TAGS[1], "AWS FIS") if is_of_fis else "",
            }
    return found


def _tables_of(asked: Asked, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """A subnet without a table of its own follows its VPC's: it is not in here."""
    name, found = "association.subnet-id", {}
    for table in asked.filtered("describe_route_tables", "RouteTables", name, ids):
        states = [route.get("State") for route in table.get("Routes", [])]
        for association in table["Associations"]:
            if association.get("SubnetId"):
                found[association["SubnetId"]] = {
                    "routes": table["RouteTableId"],
                    "route_association": association["RouteTableAssociationId"],
                    "blackholes": states.count("blackhole"),
                }
    return found


def _endpoints(asked: Asked, arns: Sequence[str]) -> Iterator[Trace]:
    known = {_id(arn): arn for arn in arns}
    for page in asked.pages("ec2", "describe_vpc_endpoints"):
        for found in page["VpcEndpoints"]:
            name = found["VpcEndpointId"]
            if name in known:
                groups = sorted(group["GroupId"] for group in found.get("Groups", []))
                yield Trace("endpoints", known[name], name, {"groups": groups})


def _services(asked: Asked, arns: Sequence[str]) -> Iterator[Trace]:
    """Of services; what a definition names are tasks, from which `_services_of` gets here."""
    for cluster, members in _by_cluster(arn for arn in arns if ":service/" in arn):
        for batch in _batches(members, 10):
            asked.calls.spend()
            answer = asked.client("ecs").describe_services(cluster=cluster, services=batch)
            for found in answer["services"]:
                if found["status"] == "ACTIVE":
                    values = {
                        "cluster": cluster,
                        "desired": found["desiredCount"],
                        "running": found["runningCount"],
                    }
                    yield Trace("services", found["serviceArn"], found["serviceName"], values)


def _services_of(
    asked: Asked, wanted: Mapping[str, Sequence[str]], found: Sequence[Trace]
) -> Iterator[str]:
    """The services whose tasks are aimed at."""
    tasks = [arn for arn in wanted.get("services", ()) if ":task/" in arn]
    for cluster, members in _by_cluster(tasks):
        for batch in _batches(members, _BATCH):
            asked.calls.spend()
            for task in asked.client("ecs").describe_tasks(cluster=cluster, tasks=batch)["tasks"]:
                kind, _, name = task.get("group", "").partition(":")
                if kind == "service":
                    prefix = task["taskArn"].split(":task/", 1)[0]
                    yield f"{prefix}:service/{cluster}/{name}"


def _container_instances(asked: Asked, arns: Sequence[str]) -> Iterator[Trace]:
    """Of clusters at first, then of their container instances."""
    wanted = {arn for arn in arns if ":container-instance/" in arn}
    clusters = {arn.split("/")[1] for arn in arns}
    for cluster in sorted(clusters):
        ids = [
            arn
            for page in asked.pages("ecs", "list_container_instances", cluster=cluster)
            for arn in page["containerInstanceArns"]
        ]
        for batch in _batches([arn for arn in ids if not wanted or arn in wanted], _BATCH):
            asked.calls.spend()
            answer = asked.client("ecs").describe_container_instances(
                cluster=cluster, containerInstances=batch
            )
            for found in answer["containerInstances"]:
                values = {"cluster": cluster, "status": found["status"]}
                name = found.get("ec2InstanceId") or _id(found["containerInstanceArn"])
                yield Trace("container-instances", found["containerInstanceArn"], name, values)


def _db_clusters(asked: Asked, arns: Sequence[str]) -> Iterator[Trace]:
    for page in asked.pages("rds", "describe_db_clusters"):
        for found in page["DBClusters"]:
            if found["DBClusterArn"] in arns:
                writers = [
                    member["DBInstanceIdentifier"]
                    for member in found.get("DBClusterMembers", [])
                    if member.get("IsClusterWriter")
                ]
                values = {"status": found["Status"], "writer": next(iter(writers), "")}
                yield Trace(
                    "db-clusters", found["DBClusterArn"], found["DBClusterIdentifier"], values
                )


def _db_instances(asked: Asked, arns: Sequence[str]) -> Iterator[Trace]:
    for page in asked.pages("rds", "describe_db_instances"):
        for found in page["DBInstances"]:
            if found["DBInstanceArn"] in arns:
                yield Trace(
                    "db-instances",
                    found["DBInstanceArn"],
                    found["DBInstanceIdentifier"],
                    {"status": found["DBInstanceStatus"]},
                )


def _function_faults(asked: Asked, places: Sequence[str]) -> Iterator[Trace]:
    """What lies where the FIS extension of a function looks for its faults."""
    for place in places:
        if ":s3:::" not in place:
            continue
        bucket, _, prefix = place.split(":::", 1)[1].partition("/")
        keys = [
            item["Key"]
            for page in asked.pages("s3", "list_objects_v2", Bucket=bucket, Prefix=prefix)
            for item in page.get("Contents", [])
            if not item["Key"].endswith("/")
        ]
        yield Trace("function-faults", place, f"s3://{bucket}/{prefix}", {"objects": sorted(keys)})


def _places_of(
    asked: Asked, wanted: Mapping[str, Sequence[str]], found: Sequence[Trace]
) -> Iterator[str]:
    for arn in wanted.get("function-faults", ()):
        asked.calls.spend()
        told = asked.client("lambda").get_function_configuration(FunctionName=arn)
        place = told.get("Environment", {}).get("Variables", {}).get(_CONFIGURED_AT, "")
        if ":s3:::" in place:
            yield place


def _commands(asked: Asked, arns: Sequence[str]) -> Iterator[Trace]:
    """The commands of the definition's documents under way on these instances."""
    instances = {_id(arn) for arn in arns}
    running: dict[str, list[str]] = {arn: [] for arn in arns}
    by_id = {_id(arn): arn for arn in arns}
    for page in asked.pages("ssm", "list_commands"):
        for command in page["Commands"]:
            if command["Status"] in _UNDER_WAY and command["DocumentName"] in asked.documents:
                for name in instances & set(command.get("InstanceIds", [])):
                    running[by_id[name]].append(command["CommandId"])
    for arn, ids in running.items():
        yield Trace("commands", arn, _id(arn), {"running": sorted(ids)})


def _tables(asked: Asked, arns: Sequence[str]) -> Iterator[Trace]:
    """The statements by which FIS pauses the replication of a table."""
    for arn in arns:
        asked.calls.spend()
        try:
            told = asked.client("dynamodb").get_resource_policy(ResourceArn=arn)["Policy"]
        except ClientError as error:
            if error_code(error) != "PolicyNotFoundException":
                raise
            told = "{}"
        sids = [str(each.get("Sid", "")) for each in json.loads(told).get("Statement", [])]
        paused_by = sorted(sid for sid in sids if sid.startswith(_PAUSE))
        yield Trace("tables", arn, _id(arn), {"paused_by": paused_by})


def _groups_of(
    asked: Asked, wanted: Mapping[str, Sequence[str]], found: Sequence[Trace]
) -> Iterator[str]:
    """The Auto Scaling groups that make up for the instances aimed at."""
    for trace in found:
        if trace.kind == "instances" and trace.values["group"]:
            yield trace.values["group"]


def _by_cluster(arns: Iterable[str]) -> list[tuple[str, list[str]]]:
    """arn:…:service/CLUSTER/NAME, sorted."""
    found: dict[str, list[str]] = {}
    for arn in sorted(arns):
        found.setdefault(arn.split("/")[1], []).append(arn)
    return sorted(found.items())


def _batches(items: Sequence[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(items), size):
        yield list(items[start : start + size])


def _id(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


def _tags(pairs: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    return {pair["Key"]: pair["Value"] for pair in pairs or ()}


READERS: Final[dict[str, Reader]] = {
    "instances": _instances,
    "groups": _groups,
    "volumes": _volumes,
    "subnets": _subnets,
    "endpoints": _endpoints,
    "services": _services,
    "container-instances": _container_instances,
    "db-clusters": _db_clusters,
    "db-instances": _db_instances,
    "function-faults": _function_faults,
    "commands": _commands,
    "tables": _tables,
}
"""In this order: what is behind a target is derived from traces that come earlier."""

Derivation = Callable[[Asked, Mapping[str, Sequence[str]], Sequence[Trace]], Iterator[str]]
DERIVED: Final[dict[str, Derivation]] = {
    "groups": _groups_of,
    "services": _services_of,
    "function-faults": _places_of,
}
