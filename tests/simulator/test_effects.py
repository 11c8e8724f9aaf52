"""What the actions really do in the accounts, and that all of it is undone."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.simulator.cloud import (
    BROKERS_A,
    PROD,
    REGION,
    Cloud,
    stop_brokers,
    tagged,
)

ZONE = f"{REGION}a"
SUBNET_A = tagged("aws:ec2:subnet", filters=[{"path": "AvailabilityZone", "values": [ZONE]}])


def az_power(outage: str = "PT10M", recovery: str = "PT5M") -> dict[str, Any]:
    """The targets and actions of AZ Availability: Power Interruption, for this estate."""

    def opted_in(resource_type: str, value: str, **more: Any) -> dict[str, Any]:
        tags = {"AzImpairmentPower": value}
        return {
            "resourceType": resource_type,
            "resourceTags": tags,
            "selectionMode": "ALL",
            **more,
        }

    shortage = {"availabilityZoneIdentifiers": ZONE, "duration": outage, "percentage": "100"}
    stop = {"completeIfInstancesTerminated": "true", "startInstancesAfterDuration": outage}
    return {
        "targets": {
            "instances": opted_in(
                "aws:ec2:instance", "StopInstances", filters=BROKERS_A["filters"]
            ),
            "group-instances": opted_in("aws:ec2:instance", "IceAsg", filters=BROKERS_A["filters"]),
            "groups": opted_in("aws:ec2:autoscaling-group", "IceAsg"),
            "roles": {
                "resourceType": "aws:iam:role",
                "resourceArns": [f"arn:aws:iam::{PROD}:role/chaosplane-start"],
                "selectionMode": "ALL",
            },
            "subnets": opted_in("aws:ec2:subnet", "DisruptSubnet", filters=SUBNET_A["filters"]),
            "clusters": opted_in(
                "aws:rds:cluster",
                "DisruptRds",
                parameters={"writerAvailabilityZoneIdentifiers": ZONE},
            ),
            "volumes": opted_in(
                "aws:ec2:ebs-volume",
                "ApiPauseVolume",
                filters=[{"path": "Attachments.DeleteOnTermination", "values": ["false"]}],
                parameters={"availabilityZoneIdentifier": ZONE},
            )
            | {"selectionMode": "COUNT(1)"},
        },
        "actions": {
            "Stop-Instances": action("ec2:stop-instances", stop, Instances="instances"),
            "Stop-ASG-Instances": action("ec2:stop-instances", stop, Instances="group-instances"),
            "Pause-ASG-Scaling": action(
                "ec2:asg-insufficient-instance-capacity-error",
                shortage,
                AutoScalingGroups="groups",
            ),
            "Pause-Instance-Launches": action(
                "ec2:api-insufficient-instance-capacity-error", shortage, Roles="roles"
            ),
            "Pause-network-connectivity": action(
                "network:disrupt-connectivity",
                {"duration": "PT2M", "scope": "all"},
                Subnets="subnets",
            ),
            "Failover-RDS": action("rds:failover-db-cluster", {}, Clusters="clusters"),
            "Pause-EBS-IO": action("ebs:pause-volume-io", {"duration": recovery}, Volumes="volumes")
            | {"startAfter": ["Stop-Instances", "Stop-ASG-Instances"]},
        },
        "experimentOptions": {
            "accountTargeting": "single-account",
            "emptyTargetResolutionMode": "skip",
        },
    }


def action(name: str, parameters: dict[str, str], **targets: str) -> dict[str, Any]:
    return {"actionId": f"aws:{name}", "parameters": parameters, "targets": targets}


def acl_of_broker_subnet(cloud: Cloud) -> dict[str, Any]:
    ec2 = cloud.client("ec2")
    subnet = ec2.describe_subnets(
        Filters=[
            {"Name": "tag:chaosplane:application", "Values": ["mqtt-broker"]},
            {"Name": "availability-zone", "Values": [ZONE]},
        ]
    )["Subnets"][0]["SubnetId"]
    acls = ec2.describe_network_acls(
        Filters=[{"Name": "association.subnet-id", "Values": [subnet]}]
    )
    return dict(acls["NetworkAcls"][0])


def writer(cloud: Cloud) -> str:
    clusters = cloud.client("rds").describe_db_clusters()["DBClusters"]
    members = clusters[0]["DBClusterMembers"]
    return str(next(m["DBInstanceIdentifier"] for m in members if m["IsClusterWriter"]))


def test_the_az_power_scenario_runs_from_outage_to_recovery(cloud: Cloud) -> None:
    experiment = cloud.start(cloud.template(**az_power()))

    cloud.advance(60)
    during = cloud.actions(experiment)
    assert cloud.brokers("a") == ["stopped"] * 3
    assert during["Stop-ASG-Instances"] == during["Pause-ASG-Scaling"] == "skipped"
    assert during["Pause-network-connectivity"] == "running"
    assert during["Pause-EBS-IO"] == "pending"

    cloud.advance(600)
    assert cloud.brokers("a") == ["running"] * 3
    assert cloud.actions(experiment)["Pause-EBS-IO"] == "running"

    cloud.advance(320)
    assert cloud.status(experiment) == "completed"
    assert set(cloud.actions(experiment).values()) == {"completed", "skipped"}


def test_a_disrupted_subnet_gets_its_own_acl_back(cloud: Cloud) -> None:
    before = acl_of_broker_subnet(cloud)["NetworkAclId"]
    cut = action("network:disrupt-connectivity", {"scope": "all", "duration": "PT2M"}, Subnets="s")
    experiment = cloud.start(cloud.template(targets={"s": SUBNET_A}, actions={"cut": cut}))

    cloud.advance(30)
    during = acl_of_broker_subnet(cloud)
    assert during["NetworkAclId"] != before
    assert {"Key": "managedByFIS", "Value": "true"} in during["Tags"]
    assert cloud.metric("ConnectedVehicles") < 3_900_000

    cloud.fis.stop_experiment(id=experiment)
    cloud.advance(20)
    assert acl_of_broker_subnet(cloud)["NetworkAclId"] == before


def test_a_failover_moves_the_writer(cloud: Cloud) -> None:
    before = writer(cloud)
    move = action("rds:failover-db-cluster", {}, Clusters="c")
    experiment = cloud.start(
        cloud.template(targets={"c": tagged("aws:rds:cluster")}, actions={"move": move})
    )
    cloud.advance(60)

    assert cloud.status(experiment) == "completed"
    assert writer(cloud) != before


def test_paused_volumes_answer_again_when_the_action_ends(cloud: Cloud) -> None:
    volumes = tagged("aws:ec2:ebs-volume", parameters={"availabilityZoneIdentifier": ZONE})
    pause = action("ebs:pause-volume-io", {"duration": "PT5M"}, Volumes="v")
    cloud.advance(300)
    usual = cloud.metric("PublishToDeliverP99")
    experiment = cloud.start(cloud.template(targets={"v": volumes}, actions={"pause": pause}))

    cloud.advance(60)
    found = cloud.fis.list_experiment_resolved_targets(experimentId=experiment)
    assert len(found["resolvedTargets"]) == 3
    assert cloud.metric("PublishToDeliverP99") > usual + 100

    cloud.advance(300)
    assert cloud.status(experiment) == "completed"
    assert cloud.metric("PublishToDeliverP99") < usual + 100


def test_volumes_of_two_zones_cannot_be_paused_together(cloud: Cloud) -> None:
    pause = action("ebs:pause-volume-io", {"duration": "PT5M"}, Volumes="v")
    experiment = cloud.start(
        cloud.template(targets={"v": tagged("aws:ec2:ebs-volume")}, actions={"pause": pause})
    )
    cloud.advance(10)

    assert cloud.experiment(experiment)["state"]["error"]["code"] == "InvalidTarget"


def test_launches_by_a_role_without_capacity_are_refused_in_that_zone_only(cloud: Cloud) -> None:
    role = f"arn:aws:iam::{PROD}:role/chaosplane-start"
    roles = {"resourceType": "aws:iam:role", "resourceArns": [role], "selectionMode": "ALL"}
    parameters = {"availabilityZoneIdentifiers": ZONE, "duration": "PT5M", "percentage": "100"}
    kind = "ec2:api-insufficient-instance-capacity-error"
    cloud.start(
        cloud.template(targets={"r": roles}, actions={"ice": action(kind, parameters, Roles="r")})
    )
    cloud.advance(10)

    def launch(zone: str, by: str = "chaosplane-start") -> str:
        made = cloud.client("ec2", role=by).run_instances(
            ImageId="ami-0c0ffee0000000001",
            MinCount=1,
            MaxCount=1,
            Placement={"AvailabilityZone": zone},
        )
        return str(made["Instances"][0]["InstanceId"])

    with pytest.raises(ClientError, match="InsufficientInstanceCapacity"):
        launch(ZONE)
    assert launch(f"{REGION}b").startswith("i-")
    assert launch(ZONE, by="chaosplane-stop").startswith("i-")
    cloud.advance(320)
    assert launch(ZONE).startswith("i-")


def test_a_rebooting_broker_does_not_answer_for_a_minute(cloud: Cloud) -> None:
    cloud.advance(300)
    before = cloud.metric("ConnectedVehicles")
    reboot = action("ec2:reboot-instances", {}, Instances="brokers")
    cloud.start(cloud.template(targets={"brokers": BROKERS_A}, actions={"reboot": reboot}))

    cloud.advance(20)
    assert cloud.metric("ConnectedVehicles") < before * 0.8
    cloud.advance(300)
    assert cloud.metric("DistinctClusters") == 1
    assert cloud.metric("ConnectedVehicles") > before * 0.95


def test_a_terminated_instance_is_replaced_by_the_world(cloud: Cloud) -> None:
    one = {**BROKERS_A, "selectionMode": "COUNT(1)"}
    experiment = cloud.start(
        cloud.template(
            targets={"brokers": one},
            actions={"end": action("ec2:terminate-instances", {}, Instances="brokers")},
        )
    )
    cloud.advance(30)
    assert cloud.status(experiment) == "completed"
    assert cloud.brokers("a").count("running") == 2

    cloud.advance(180)
    assert cloud.brokers("a").count("running") == 3


def test_instances_that_were_terminated_meanwhile_fail_a_restart_unless_allowed(
    cloud: Cloud,
) -> None:
    one = {**BROKERS_A, "selectionMode": "COUNT(1)"}
    experiment = cloud.start(
        cloud.template(targets={"brokers": one}, actions={"stop": stop_brokers("PT2M")})
    )
    cloud.advance(10)
    (target,) = cloud.fis.list_experiment_resolved_targets(experimentId=experiment)[
        "resolvedTargets"
    ]
    instance = target["targetInformation"]["arn"].rsplit("/", 1)[-1]
    cloud.client("ec2").terminate_instances(InstanceIds=[instance])
    cloud.advance(240)

    state = cloud.experiment(experiment)["state"]
    assert state["status"] == "failed"
    assert instance in state["reason"]
