"""What a world sees of its instances: which of them answer right now.

Looks straight at moto's state, as hardware would: an application does not ask the EC2 API
whether it has power.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from moto.ec2.models import ec2_backends
from moto.ec2.models.instances import Instance

from simulator.estate import APPLICATION_TAG, REGION
from simulator.physics import Physics


@dataclass(frozen=True, slots=True)
class Node:
    """One instance by its name, and what is wrong with it."""

    name: str
    zone: str
    instance_id: str
    state: str
    answers: bool
    is_paused: bool


def nodes_of(account: str, physics: Physics, now: float) -> dict[str, list[Node]]:
    """The nodes of every application of an account, without terminated instances."""
    denied = _denied_subnets(account)
    # Asking an instance for its tags takes moto through those of everything there is.
    known_tags = ec2_backends[account][REGION].tags
    found: dict[str, list[Node]] = {}
    for instance in _instances(account):
        tags = dict(known_tags.get(instance.id, {}))
        state = instance.state
        if APPLICATION_TAG not in tags or state == "terminated":
            continue
        volumes = {disk.volume_id for disk in list(instance.block_device_mapping.values())}
        found.setdefault(tags[APPLICATION_TAG], []).append(
            Node(
                name=tags.get("Name", instance.id),
                zone=str(instance.placement.zone),
                instance_id=instance.id,
                state=state,
                answers=state == "running"
                and instance.subnet_id not in denied
                and physics.is_up(instance.id, now),
                is_paused=bool(volumes & physics.paused_volumes),
            )
        )
    return found


def _instances(account: str) -> Iterator[Instance]:
    for reservation in list(ec2_backends[account][REGION].reservations.values()):
        yield from reservation.instances


def _denied_subnets(account: str) -> set[str]:
    return {
        association.subnet_id
        for acl in list(ec2_backends[account][REGION].network_acls.values())
        if any(entry.rule_number == 1 and entry.rule_action == "deny" for entry in acl.entries)
        for association in acl.associations
        if association.subnet_id
    }
