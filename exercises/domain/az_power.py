"""The FIS template of "AZ Availability: Power Interruption", built for one application.

What AWS's scenario does (AWS FIS User Guide, "AZ Availability: Power Interruption"):
instances in one Availability Zone stop and cannot be launched again, its subnets lose the
network for a short while, databases fail over, caches lose their nodes; when power is back,
volumes answer late. Resources opt in by a tag whose value says what happens to them.
Called by domain.generators.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from exercises.domain.durations import iso
from exercises.domain.errors import Invalid

# FIS takes five ARNs a target at most (AWS FIS API Reference, CreateExperimentTemplateTargetInput).
MAX_ROLES: Final = 5
DESCRIPTION: Final = "AZ Availability: Power Interruption"

Body = dict[str, object]


def az_power(
    *,
    az: str,
    outage_min: int,
    recovery_min: int,
    network_min: int,
    fis_role_arn: str,
    alarm_arns: Sequence[str],
    autoshift_after_min: int | None = 5,
    tag_key: str = "AzImpairmentPower",
    launch_role_arns: Sequence[str] = (),
    scope_tags: Mapping[str, str] | None = None,
    description: str = DESCRIPTION,
) -> Body:
    """The whole body of CreateExperimentTemplate.

    `scope_tags` join every tag selector, so that the experiment of one application stays on
    it. `launch_role_arns` are the roles whose launches fail; without any, that action is
    left out. Raises Invalid that names the parameter.
    """
    _check(az, outage_min, network_min, launch_role_arns)
    tags = _Tags(tag_key, scope_tags or {})
    shift = autoshift_after_min if _shifts(autoshift_after_min, outage_min) else None
    return {
        "description": description,
        "targets": _targets(az, tags, launch_role_arns, shifts=shift is not None),
        "actions": _actions(
            az, outage_min, recovery_min, network_min, launches=bool(launch_role_arns), shift=shift
        ),
        "stopConditions": _stop_conditions(alarm_arns),
        "roleArn": fis_role_arn,
        "experimentOptions": {
            "accountTargeting": "single-account",
            # A zone rarely holds every kind of resource; what is not there is skipped.
            "emptyTargetResolutionMode": "skip",
        },
    }


def _check(az: str, outage_min: int, network_min: int, roles: Sequence[str]) -> None:
    problems = []
    if not az:
        problems.append(("az", "choose the Availability Zone that loses power"))
    if network_min > outage_min:
        problems.append(("parameters.network_min", f"not above the outage, {outage_min} minutes"))
    if len(roles) > MAX_ROLES:
        problems.append(("parameters.launch_role_arns", f"at most {MAX_ROLES} roles"))
    if problems:
        raise Invalid.of(problems)


def _shifts(after_min: int | None, outage_min: int) -> bool:
    return after_min is not None and after_min < outage_min


class _Tags:
    """Tag selectors with the scope of the experiment in each of them."""

    def __init__(self, key: str, scope: Mapping[str, str]) -> None:
        self.key = key
        self.scope = scope

    def target(self, resource_type: str, value: str, **more: object) -> Body:
        return {
            "resourceType": resource_type,
            "resourceTags": {self.key: value, **self.scope},
            "selectionMode": "ALL",
            **more,
        }


def _targets(az: str, tags: _Tags, roles: Sequence[str], *, shifts: bool) -> Body:
    running = [
        {"path": "State.Name", "values": ["running"]},
        {"path": "Placement.AvailabilityZone", "values": [az]},
    ]
    in_az = [{"path": "AvailabilityZone", "values": [az]}]
    data = [{"path": "Attachments.DeleteOnTermination", "values": ["false"]}]
    targets: Body = {
        "EC2-Instances": tags.target("aws:ec2:instance", "StopInstances", filters=running),
        "ASG-EC2-Instances": tags.target("aws:ec2:instance", "IceAsg", filters=running),
        "ASG": tags.target("aws:ec2:autoscaling-group", "IceAsg"),
        "Subnet": tags.target("aws:ec2:subnet", "DisruptSubnet", filters=in_az),
        "RDS-Cluster": tags.target(
            "aws:rds:cluster", "DisruptRds", parameters={"writerAvailabilityZoneIdentifiers": az}
        ),
        "ElastiCache": tags.target(
            "aws:elasticache:replicationgroup",
            "ElasticacheImpact",
            parameters={"availabilityZoneIdentifier": az},
        ),
        "EBS-Volumes": tags.target(
            "aws:ec2:ebs-volume",
            "ApiPauseVolume",
            filters=data,
            parameters={"availabilityZoneIdentifier": az},
        )
        | {"selectionMode": "COUNT(1)"},
    }
    if roles:
        targets["IAM-role"] = {
            "resourceType": "aws:iam:role",
            "resourceArns": list(roles),
            "selectionMode": "ALL",
        }
    if shifts:
        targets["Managed-Resources"] = tags.target(
            "aws:arc:zonal-shift-managed-resource", "RecoverAutoshiftResources"
        )
    return targets


def _actions(
    az: str,
    outage_min: int,
    recovery_min: int,
    network_min: int,
    *,
    launches: bool,
    shift: int | None,
) -> Body:
    outage = iso(outage_min * 60)
    stop = {"completeIfInstancesTerminated": "true", "startInstancesAfterDuration": outage}
    no_capacity = {"availabilityZoneIdentifiers": az, "duration": outage, "percentage": "100"}
    actions: Body = {
        "Stop-Instances": _action("ec2:stop-instances", stop, Instances="EC2-Instances"),
        "Stop-ASG-Instances": _action("ec2:stop-instances", stop, Instances="ASG-EC2-Instances"),
        "Pause-ASG-Scaling": _action(
            "ec2:asg-insufficient-instance-capacity-error", no_capacity, AutoScalingGroups="ASG"
        ),
        "Pause-network-connectivity": _action(
            "network:disrupt-connectivity",
            {"duration": iso(network_min * 60), "scope": "all"},
            Subnets="Subnet",
        ),
        "Failover-RDS": _action("rds:failover-db-cluster", {}, Clusters="RDS-Cluster"),
        "Pause-ElastiCache": _action(
            "elasticache:replicationgroup-interrupt-az-power",
            {"duration": outage},
            ReplicationGroups="ElastiCache",
        ),
        # The recovery half: both stops complete when power is back.
        "Pause-EBS-IO": _action(
            "ebs:pause-volume-io", {"duration": iso(recovery_min * 60)}, Volumes="EBS-Volumes"
        )
        | {"startAfter": ["Stop-Instances", "Stop-ASG-Instances"]},
    }
    if launches:
        actions["Pause-Instance-Launches"] = _action(
            "ec2:api-insufficient-instance-capacity-error", no_capacity, Roles="IAM-role"
        )
    if shift is not None:
        actions["Wait-for-autoshift"] = _action("fis:wait", {"duration": iso(shift * 60)})
        actions["Start-ARC-Zonal-Autoshift"] = _action(
            "arc:start-zonal-autoshift",
            {
                "duration": iso((outage_min - shift) * 60),
                "availabilityZoneIdentifier": az,
                "zonalAutoshiftStatus": "ENABLED",
            },
            ManagedResources="Managed-Resources",
        ) | {"startAfter": ["Wait-for-autoshift"]}
    return actions


def _action(action_id: str, parameters: Mapping[str, str], **targets: str) -> Body:
    body: Body = {"actionId": f"aws:{action_id}", "parameters": dict(parameters)}
    return body | {"targets": targets} if targets else body


def _stop_conditions(alarm_arns: Sequence[str]) -> list[dict[str, str]]:
    if not alarm_arns:
        return [{"source": "none"}]
    return [{"source": "aws:cloudwatch:alarm", "value": arn} for arn in alarm_arns]
