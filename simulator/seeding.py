"""Builds the estate in moto, through the same API that everybody else uses.

Called when the first simulator of a process starts. Resource ids are those that moto gives.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from moto.iam.models import AccessKey, iam_backends

from simulator import boto
from simulator.estate import (
    ACCOUNTS,
    ALARMS,
    APPLICATION_TAG,
    DEPLOYMENTS,
    EVENT_QUEUE,
    EXTERNAL_ID,
    FIS_ROLE,
    POWER_TAG,
    PRODUCT_ROLES,
    REGION,
    ZONES,
    AlarmPlan,
    Deployment,
)
from simulator.fis.state_changes import DETAIL_TYPE, SOURCE

ROOT_DEVICE = "/dev/sda1"
IMAGE = "ami-0c0ffee0000000001"
PRODUCT_TRUST = {
    "Effect": "Allow",
    "Principal": {"AWS": "*"},
    "Action": "sts:AssumeRole",
    "Condition": {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}},
}
FIS_TRUST = (
    {"Effect": "Allow", "Principal": {"Service": "fis.amazonaws.com"}, "Action": "sts:AssumeRole"},
    {
        "Effect": "Allow",
        "Principal": {"AWS": [f"arn:aws:iam::{account}:root" for account in ACCOUNTS]},
        "Action": "sts:AssumeRole",
        "Condition": {
            "StringLike": {"sts:ExternalId": "arn:aws:fis:*:*:experiment/*"},
            "ArnEquals": {
                "aws:PrincipalArn": [f"arn:aws:iam::{each}:role/{FIS_ROLE}" for each in ACCOUNTS]
            },
        },
    },
)


class Builder:
    """One account as its administrator sees it."""

    def __init__(self, endpoint: str, account: str) -> None:
        key = _administrators_key(account)
        self.account = account
        self._key = {
            "aws_access_key_id": key.access_key_id,
            "aws_secret_access_key": key.secret_access_key,
        }
        self._endpoint = endpoint
        self._clients: dict[str, Any] = {}

    @property
    def _ec2(self) -> Any:
        return self.client("ec2")

    def client(self, service: str) -> Any:
        """A client of the administrator, made once: that takes longer than a call."""
        if service not in self._clients:
            self._clients[service] = boto.client(service, self._endpoint, REGION, **self._key)
        return self._clients[service]

    def roles(self) -> None:
        iam = self.client("iam")
        for name in PRODUCT_ROLES:
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(PRODUCT_TRUST))
        iam.create_role(RoleName=FIS_ROLE, AssumeRolePolicyDocument=_policy(*FIS_TRUST))

    def tell_of_state_changes(self) -> None:
        """A rule of EventBridge, and the queue it sends what FIS says to."""
        url = self.client("sqs").create_queue(QueueName=EVENT_QUEUE)["QueueUrl"]
        events = self.client("events")
        events.put_rule(
            Name=EVENT_QUEUE,
            EventPattern=json.dumps({"source": [SOURCE], "detail-type": [DETAIL_TYPE]}),
        )
        arn = f"arn:aws:sqs:{REGION}:{self.account}:{url.rsplit('/', 1)[-1]}"
        events.put_targets(Rule=EVENT_QUEUE, Targets=[{"Id": "queue", "Arn": arn}])

    def network(self, name: str, tags: dict[str, str]) -> dict[str, str]:
        """A VPC with one subnet in each zone; the subnet of each zone."""
        vpc = self._ec2.create_vpc(
            CidrBlock="10.20.0.0/16", TagSpecifications=_tagged("vpc", {"Name": name})
        )["Vpc"]["VpcId"]
        subnets = {}
        for number, zone in enumerate(ZONES):
            subnets[zone] = self._ec2.create_subnet(
                VpcId=vpc,
                CidrBlock=f"10.20.{number}.0/24",
                AvailabilityZone=zone,
                TagSpecifications=_tagged("subnet", {"Name": f"{name}-{zone[-1]}", **tags}),
            )["Subnet"]["SubnetId"]
        return subnets

    def deploy(self, deployment: Deployment) -> dict[str, str]:
        """The network, instances, volumes and database of one application; its subnets by zone."""
        own = {APPLICATION_TAG: deployment.application}
        subnets = self.network(deployment.application, {**own, POWER_TAG: "DisruptSubnet"})
        for zone, subnet in subnets.items():
            names = [name for name, its_zone in deployment.names() if its_zone == zone]
            if names:
                self.launch(deployment, names, zone, subnet)
        if deployment.has_database:
            self.database(f"{deployment.application}-sessions", deployment.application)
        return subnets

    def instances(self, application: str, zone: str) -> list[str]:
        """The running instances of an application in a zone."""
        answer = self._ec2.describe_instances(
            Filters=[
                {"Name": f"tag:{APPLICATION_TAG}", "Values": [application]},
                {"Name": "availability-zone", "Values": [zone]},
                {"Name": "instance-state-name", "Values": ["running"]},
            ]
        )
        return [
            instance["InstanceId"]
            for reservation in answer["Reservations"]
            for instance in reservation["Instances"]
        ]

    def launch(self, deployment: Deployment, names: list[str], zone: str, subnet: str) -> None:
        own = {APPLICATION_TAG: deployment.application}
        disks = [(ROOT_DEVICE, 20, True)]
        if deployment.data_volume_gib:
            disks.append(("/dev/sdf", deployment.data_volume_gib, False))
        instances = self._ec2.run_instances(
            ImageId=IMAGE,
            InstanceType=deployment.instance_type,
            MinCount=len(names),
            MaxCount=len(names),
            SubnetId=subnet,
            Placement={"AvailabilityZone": zone},
            BlockDeviceMappings=[
                {
                    "DeviceName": device,
                    "Ebs": {"VolumeSize": size, "DeleteOnTermination": goes, "VolumeType": "gp3"},
                }
                for device, size, goes in disks
            ],
            TagSpecifications=_tagged("instance", {**own, POWER_TAG: "StopInstances"}),
        )["Instances"]
        for instance, name in zip(instances, names, strict=True):
            self._ec2.create_tags(Resources=[instance["InstanceId"]], Tags=_tags({"Name": name}))
            for disk in instance["BlockDeviceMappings"]:
                if disk["DeviceName"] != ROOT_DEVICE:
                    tags = {"Name": f"{name}-data", **own, POWER_TAG: "ApiPauseVolume"}
                    self._ec2.create_tags(Resources=[disk["Ebs"]["VolumeId"]], Tags=_tags(tags))

    def replace(self, deployment: Deployment, name: str, zone: str) -> None:
        """A new instance for one that was terminated, in the same subnet."""
        subnet = self._ec2.describe_subnets(
            Filters=[
                {"Name": "availability-zone", "Values": [zone]},
                {"Name": f"tag:{APPLICATION_TAG}", "Values": [deployment.application]},
            ]
        )["Subnets"][0]["SubnetId"]
        self.launch(deployment, [name], zone, subnet)

    def alarm(self, alarm: AlarmPlan) -> None:
        """One metric alarm that fires when its metric is bad for `periods` minutes."""
        dimensions = [alarm.dimension] if alarm.dimension else []
        self.client("cloudwatch").put_metric_alarm(
            AlarmName=alarm.name,
            Namespace=alarm.namespace,
            MetricName=alarm.metric,
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions],
            Statistic="Average",
            Period=60,
            EvaluationPeriods=alarm.periods,
            DatapointsToAlarm=alarm.periods,
            Threshold=alarm.threshold,
            ComparisonOperator=alarm.comparison,
            TreatMissingData=alarm.missing,
        )

    def database(self, name: str, application: str) -> None:
        """An Aurora cluster with an instance in each zone; the first is the writer."""
        rds = self.client("rds")
        engine = "aurora-postgresql"
        rds.create_db_cluster(
            DBClusterIdentifier=name,
            Engine=engine,
            MasterUsername="sessions",
            MasterUserPassword="simulated-only",
            Tags=_tags({"Name": name, APPLICATION_TAG: application, POWER_TAG: "DisruptRds"}),
        )
        for zone in ZONES:
            rds.create_db_instance(
                DBInstanceIdentifier=f"{name}-{zone[-1]}",
                DBClusterIdentifier=name,
                DBInstanceClass="db.r6g.large",
                Engine=engine,
                AvailabilityZone=zone,
            )


def _administrators_key(account: str) -> AccessKey:
    """The first key of an account can only come from inside: there is nobody to call yet."""
    users = iam_backends[account]["aws"]
    if "administrator" not in users.users:
        users.create_user(REGION, "administrator")
        users.create_access_key("administrator")
    return users.users["administrator"].access_keys[0]


def builders_at(endpoint: str) -> dict[str, Builder]:
    """Who builds, by account."""
    return {account: Builder(endpoint, account) for account in ACCOUNTS}


def build_estate(builders: Mapping[str, Builder]) -> None:
    """Build all accounts."""
    for account, builder in builders.items():
        builder.roles()
        builder.tell_of_state_changes()
        for deployment in DEPLOYMENTS:
            if deployment.account == account:
                builder.deploy(deployment)
        for alarm in ALARMS:
            if alarm.account == account:
                builder.alarm(alarm)


def _tags(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _tagged(kind: str, tags: dict[str, str]) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": _tags(tags)}]


def _policy(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
