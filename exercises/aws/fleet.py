"""The instances an application runs on, whatever state they are in.

Used by services.observe (who is down, zone by zone) and services.preflight.
"""

from __future__ import annotations

from typing import Final

from exercises.aws.failures import aws_errors
from exercises.aws.sessions import Purpose, client
from exercises.domain.engine_values import Node
from exercises.domain.plans import AccountAccess

APPLICATION_TAG: Final = "chaosplane:application"
_ALIVE: Final = ["pending", "running", "stopping", "stopped", "shutting-down"]


def application_nodes(access: AccountAccess, application: str) -> list[Node]:
    """The instances with the application's tag that are not gone, by zone and name."""
    ec2 = client(access, "ec2", Purpose.READ)
    with aws_errors(f"describe the instances of {application} in {access.account_id}"):
        pages = ec2.get_paginator("describe_instances").paginate(
            Filters=[
                {"Name": f"tag:{APPLICATION_TAG}", "Values": [application]},
                {"Name": "instance-state-name", "Values": _ALIVE},
            ]
        )
        found = [
            Node(
                resource_id=instance["InstanceId"],
                arn=f"arn:aws:ec2:{access.region}:{access.account_id}"
                f":instance/{instance['InstanceId']}",
                name=next(
                    (tag["Value"] for tag in instance.get("Tags", []) if tag["Key"] == "Name"),
                    instance["InstanceId"],
                ),
                az=instance["Placement"]["AvailabilityZone"],
                state=instance["State"]["Name"],
            )
            for page in pages
            for reservation in page["Reservations"]
            for instance in reservation["Instances"]
        ]
    return sorted(found, key=lambda node: (node.az, node.name, node.resource_id))
