"""Which zone a name means in which account: AWS gives each account names of its own.

moto has one table for all accounts. The account of the integration environment gets another
one, so that who takes a name for a zone is found out. Called when the estate is built.
"""

from __future__ import annotations

from typing import Final

from moto.ec2.models import ec2_backends
from moto.ec2.models.availability_zones_and_regions import Zone
from moto.ec2.models.subnets import Subnet

from simulator.estate import REGION, TELEMETRY_INT

OWN: Final = {
    TELEMETRY_INT: {
        f"{REGION}a": "euc1-az3",
        f"{REGION}b": "euc1-az1",
        f"{REGION}c": "euc1-az2",
    }
}
"""Accounts whose names differ from those of moto's table."""


def give_own_zones() -> None:
    """Let each of these accounts have its names."""
    for account, ids in OWN.items():
        backend = ec2_backends[account][REGION]
        zones = [Zone(name, REGION, zone_id) for name, zone_id in ids.items()]
        # Of this backend alone; the table of all lies in its class.
        vars(backend)["zones"] = {**backend.zones, REGION: zones}


def _zone_id_of(subnet: Subnet) -> str:
    zone = subnet.ec2_backend.get_zone_by_name(subnet.availability_zone)
    return str(zone.zone_id)


# moto looks a subnet's zone up in the table of all accounts.
Subnet.availability_zone_id = property(_zone_id_of)  # type: ignore[method-assign,assignment]
