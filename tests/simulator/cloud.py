"""One simulator with a stopped clock, as its own tests use it: plain boto3, nothing mocked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import boto3
from botocore.config import Config

from simulator.clock import VirtualClock
from simulator.server import Simulator, start

REGION = "eu-central-1"
PROD = "111111111111"
PLATFORM = "222222222222"
INT = "333333333333"
ONCE = Config(retries={"total_max_attempts": 1})

WAIT = {"actionId": "aws:fis:wait", "parameters": {"duration": "PT2M"}}
ZONE_A = {"path": "Placement.AvailabilityZone", "values": [f"{REGION}a"]}
RUNNING = {"path": "State.Name", "values": ["running"]}


def tagged(resource_type: str, **more: Any) -> dict[str, Any]:
    """A target of everything that the broker owns of a type."""
    return {
        "resourceType": resource_type,
        "resourceTags": {"chaosplane:application": "mqtt-broker"},
        "selectionMode": "ALL",
        **more,
    }


BROKERS_A = tagged("aws:ec2:instance", filters=[RUNNING, ZONE_A])
SUBNETS_A = tagged(
    "aws:ec2:subnet", filters=[{"path": "AvailabilityZone", "values": [f"{REGION}a"]}]
)


def stop_brokers(back_after: str | None = "PT5M") -> dict[str, Any]:
    parameters = {"startInstancesAfterDuration": back_after} if back_after else {}
    return {
        "actionId": "aws:ec2:stop-instances",
        "parameters": parameters,
        "targets": {"Instances": "brokers"},
    }


class Cloud:
    """A running simulator and short ways to ask it."""

    def __init__(self) -> None:
        self.simulator: Simulator = start(port=0, clock=VirtualClock(speed=1.0))
        self._sessions: dict[tuple[str, str], Any] = {}
        self.quiet_past = self.vehicles(timedelta(minutes=-5), timedelta(0))

    def sts(self) -> Any:
        return self._client("sts", {"aws_access_key_id": "AKIAEXAMPLE"})

    def _client(self, service: str, keys: Mapping[str, str]) -> Any:
        keys = {"aws_secret_access_key": "simulated", **keys}
        session: Any = boto3
        return session.client(
            service, endpoint_url=self.simulator.url, region_name=REGION, config=ONCE, **keys
        )

    def client(self, service: str, account: str = PROD, role: str = "chaosplane-start") -> Any:
        """A client with a role of an account."""
        key = (f"{account}/{role}", service)
        if key not in self._sessions:
            taken = self.sts().assume_role(
                RoleArn=f"arn:aws:iam::{account}:role/{role}",
                RoleSessionName="tests",
                ExternalId="chaosplane-demo",
            )["Credentials"]
            keys = {
                "aws_access_key_id": taken["AccessKeyId"],
                "aws_secret_access_key": taken["SecretAccessKey"],
                "aws_session_token": taken["SessionToken"],
            }
            self._sessions[key] = self._client(service, keys)
        return self._sessions[key]

    @property
    def fis(self) -> Any:
        return self.client("fis")

    def advance(self, seconds: float) -> None:
        clock = self.simulator.clock
        assert isinstance(clock, VirtualClock)
        clock.advance(seconds)

    def template(self, account: str = PROD, **body: Any) -> dict[str, Any]:
        """A template; a wait without a stop condition unless told otherwise."""
        given = {
            "description": "A test",
            "roleArn": f"arn:aws:iam::{account}:role/fis-experiments",
            "stopConditions": [{"source": "none"}],
            "actions": {"wait": WAIT},
            "experimentOptions": {
                "accountTargeting": "single-account",
                "emptyTargetResolutionMode": "fail",
            },
            **body,
        }
        made = self.client("fis", account).create_experiment_template(**given)
        return dict(made["experimentTemplate"])

    def start(self, template: Mapping[str, Any], **more: Any) -> str:
        made = self.fis.start_experiment(experimentTemplateId=template["id"], **more)
        return str(made["experiment"]["id"])

    def experiment(self, experiment_id: str) -> dict[str, Any]:
        return dict(self.fis.get_experiment(id=experiment_id)["experiment"])

    def status(self, experiment_id: str) -> str:
        return str(self.experiment(experiment_id)["state"]["status"])

    def actions(self, experiment_id: str) -> dict[str, str]:
        """The status of every action."""
        actions = self.experiment(experiment_id)["actions"]
        return {name: action["state"]["status"] for name, action in actions.items()}

    def vehicles(
        self, since: timedelta, until: timedelta, order: str = "TimestampAscending"
    ) -> list[float]:
        """How many vehicles CloudWatch says were connected, from and until now."""
        now = self.simulator.clock.wall()
        answer = self.client("cloudwatch").get_metric_data(
            StartTime=now + since,
            EndTime=now + until,
            ScanBy=order,
            MetricDataQueries=[
                {
                    "Id": "vehicles",
                    "MetricStat": {
                        "Metric": {
                            "Namespace": "ConnectedVehicle/MQTT",
                            "MetricName": "ConnectedVehicles",
                            "Dimensions": [{"Name": "Cluster", "Value": "mqtt-broker"}],
                        },
                        "Period": 1,
                        "Stat": "Average",
                    },
                }
            ],
        )
        return list(answer["MetricDataResults"][0]["Values"])

    def brokers(self, zone: str = "a", account: str = PROD) -> list[str]:
        """The states of the broker instances in a zone, but for those that were terminated."""
        answer = self.client("ec2", account).describe_instances(
            Filters=[
                {"Name": "tag:chaosplane:application", "Values": ["mqtt-broker"]},
                {"Name": "availability-zone", "Values": [f"{REGION}{zone}"]},
            ]
        )
        return sorted(
            instance["State"]["Name"]
            for reservation in answer["Reservations"]
            for instance in reservation["Instances"]
            if instance["State"]["Name"] != "terminated"
        )

    def metric(self, name: str, account: str = PROD) -> float:
        """What the broker of an account published last."""
        for application in self.simulator.world.applications:
            if application.deployment.account == account and name in application.values:
                return application.values[name]
        raise KeyError(name)

    def settle(self) -> None:
        """End every experiment and undo what a test left behind."""
        self.simulator.world.switch_quorum(False)
        lever = {"status": "disengaged", "reason": "end of test"}
        regions = self.simulator.service.regions
        for account in {account for account, _ in regions}:
            fis = self.client("fis", account)
            for experiment in regions[account, REGION].active():
                fis.stop_experiment(id=experiment.id)
        self.advance(15)
        for account in {account for account, _ in regions}:
            if regions[account, REGION].lever["status"] != "disengaged":
                self.client("fis", account).update_safety_lever_state(id="default", state=lever)
        for account in (PROD, PLATFORM, INT):
            self._start_stopped(account)
        self._delete_left_volumes()
        self._give_back_acls()
        self.advance(90)

    def acls_of_fis(self) -> list[dict[str, Any]]:
        """The network ACLs that actions of FIS have made and that are still there."""
        made = [{"Name": "tag:managedByFIS", "Values": ["true"]}]
        return list(self.client("ec2").describe_network_acls(Filters=made)["NetworkAcls"])

    def _give_back_acls(self) -> None:
        ec2 = self.client("ec2")
        for acl in self.acls_of_fis():
            own = [
                {"Name": "vpc-id", "Values": [acl["VpcId"]]},
                {"Name": "default", "Values": ["true"]},
            ]
            (default,) = ec2.describe_network_acls(Filters=own)["NetworkAcls"]
            for each in acl["Associations"]:
                ec2.replace_network_acl_association(
                    AssociationId=each["NetworkAclAssociationId"],
                    NetworkAclId=default["NetworkAclId"],
                )
            ec2.delete_network_acl(NetworkAclId=acl["NetworkAclId"])

    def _delete_left_volumes(self) -> None:
        """Data volumes stay when their instance is terminated."""
        ec2 = self.client("ec2")
        unused = [{"Name": "status", "Values": ["available"]}]
        for volume in ec2.describe_volumes(Filters=unused)["Volumes"]:
            ec2.delete_volume(VolumeId=volume["VolumeId"])

    def _start_stopped(self, account: str) -> None:
        ec2 = self.client("ec2", account)
        answer = ec2.describe_instances(
            Filters=[{"Name": "instance-state-name", "Values": ["stopped"]}]
        )
        ids = [
            instance["InstanceId"]
            for reservation in answer["Reservations"]
            for instance in reservation["Instances"]
        ]
        if ids:
            ec2.start_instances(InstanceIds=ids)
