"""Every kind of trace is read from AWS, and what a fault would leave in it is seen."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from exercises.domain.plans import AccountAccess
from exercises.domain.residue import KINDS, Change, changes
from exercises.domain.snapshots import Snapshot
from exercises.engines.fis import FisEngine
from tests.left_behind import BUCKET, CLUSTER, aws, definition_of_everything
from tests.simulated_aws import PRODUCTION, access_to, stopped_clock

Spoil = Callable[[AccountAccess], None]


@pytest.fixture
def seen() -> Iterator[tuple[AccountAccess, dict[str, Any], Snapshot]]:
    """An estate of its own, because everything in it is spoilt."""
    with stopped_clock():
        access = access_to(PRODUCTION)
        definition = definition_of_everything(access)
        yield access, definition, FisEngine().snapshot(access, definition)


def spoil(access: AccountAccess, before: Snapshot) -> None:
    """Do to each resource what a rollback that went wrong would leave."""
    by_kind = {trace.kind: trace for trace in before.traces}
    ec2, ecs = aws(access, "ec2"), aws(access, "ecs")
    instance = by_kind["instances"].resource.rpartition("/")[2]
    volume = by_kind["volumes"].resource.rpartition("/")[2]
    ec2.stop_instances(InstanceIds=[instance])
    ec2.detach_volume(VolumeId=volume, InstanceId=by_kind["volumes"].values["attached"])
    subnet = ec2.describe_subnets(SubnetIds=[by_kind["subnets"].label])["Subnets"][0]
    acl = ec2.create_network_acl(VpcId=subnet["VpcId"])["NetworkAcl"]["NetworkAclId"]
    ec2.replace_network_acl_association(
        AssociationId=by_kind["subnets"].values["acl_association"], NetworkAclId=acl
    )
    table = ec2.create_route_table(VpcId=subnet["VpcId"])["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet["SubnetId"])
    empty = ec2.create_security_group(
        GroupName="empty", Description="Of AWS FIS", VpcId=subnet["VpcId"]
    )["GroupId"]
    ec2.modify_vpc_endpoint(VpcEndpointId=by_kind["endpoints"].label, AddSecurityGroupIds=[empty])
    aws(access, "autoscaling").suspend_processes(
        AutoScalingGroupName="residue", ScalingProcesses=["Launch"]
    )
    ecs.update_service(cluster=CLUSTER, service="residue", desiredCount=0)
    ecs.update_container_instances_state(
        cluster=CLUSTER,
        containerInstances=[by_kind["container-instances"].resource],
        status="DRAINING",
    )
    aws(access, "s3").put_object(Bucket=BUCKET, Key="FisConfigs/fault", Body=b"{}")
    statement = {
        "Sid": "DoNotModifyFisDynamoDbPauseReplicationEXP1",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "dynamodb:*",
        "Resource": "*",
    }
    aws(access, "dynamodb").put_resource_policy(
        ResourceArn=by_kind["tables"].resource,
        Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )


def test_what_is_left_in_any_kind_of_resource_is_seen(
    seen: tuple[AccountAccess, dict[str, Any], Snapshot],
) -> None:
    access, definition, before = seen
    assert {trace.kind for trace in before.traces} == KINDS - {"parameters"}
    same = FisEngine().snapshot(access, definition, before)
    assert same == before
    spoil(access, before)
    after = FisEngine().snapshot(access, definition, before)
    found: list[Change] = changes(before, after, ref="EXP1", region=access.region)
    unseen_in_stand_in = {"commands", "db-clusters", "db-instances", "parameters"}
    assert {change.kind for change in found if change.is_residue} == KINDS - unseen_in_stand_in
