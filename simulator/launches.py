"""Whether EC2 has an instance to give: asked by the front door before launches reach moto.

FIS aims an InsufficientInstanceCapacity action at IAM roles; calls by their sessions fail.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from xml.sax.saxutils import escape

from moto.ec2.models import ec2_backends
from moto.iam.models import get_account_id_from
from moto.sts.models import sts_backends

from simulator.physics import Physics

LAUNCHES = ("RunInstances", "StartInstances")


def shortage(
    form: Mapping[str, str], access_key: str, region: str, physics: Physics, rng: random.Random
) -> str | None:
    """The zone that has no capacity for this call; None when there is enough."""
    if form.get("Action") not in LAUNCHES or not physics.shortages:
        return None
    account = get_account_id_from(access_key)
    session = sts_backends[account]["aws"].get_assumed_role_from_access_key(access_key)
    if session is None:
        return None
    for zone in sorted(_zones(form, account, region)):
        for each in list(physics.shortages.values()):
            is_meant = each.account == account and session.role_arn in each.aimed_at
            if is_meant and zone in each.zones and rng.random() * 100 < each.percentage:
                return zone
    return None


def _zones(form: Mapping[str, str], account: str, region: str) -> set[str]:
    backend = ec2_backends[account][region]
    if form["Action"] == "StartInstances":
        ids = {value for key, value in form.items() if re.fullmatch(r"InstanceId\.\d+", key)}
        return {
            str(instance.placement.zone)
            for reservation in list(backend.reservations.values())
            for instance in reservation.instances
            if instance.id in ids
        }
    subnet = form.get("SubnetId")
    if subnet:
        return {zone for zone, held in backend.subnets.items() if subnet in held}
    return {form.get("Placement.AvailabilityZone", f"{region}a")}


def no_capacity(zone: str) -> bytes:
    """The body of the EC2 error."""
    message = f"We currently do not have sufficient capacity in the Availability Zone {zone}."
    return (
        "<Response><Errors><Error><Code>InsufficientInstanceCapacity</Code>"
        f"<Message>{escape(message)}</Message></Error></Errors>"
        "<RequestID>00000000-0000-0000-0000-000000000000</RequestID></Response>"
    ).encode()
