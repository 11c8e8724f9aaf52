"""The Availability Zones of an account: their names, which differ, and their ids, which do not."""

from __future__ import annotations

from exercises.aws.failures import aws_errors
from exercises.aws.sessions import Purpose, client
from exercises.domain.plans import AccountAccess


def zone_ids(access: AccountAccess) -> dict[str, str]:
    """The physical id of each zone by its name in this account. Raises EngineError."""
    ec2 = client(access, "ec2", Purpose.READ)
    with aws_errors(f"describe Availability Zones in {access.account_id}"):
        zones = ec2.describe_availability_zones()["AvailabilityZones"]
    return {zone["ZoneName"]: zone["ZoneId"] for zone in zones}
