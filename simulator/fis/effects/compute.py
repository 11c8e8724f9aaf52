"""EC2 instances: stop and start again, reboot, terminate."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from simulator.fis.effects.base import ActionFailed, Effect
from simulator.fis.records import Resource

REBOOT_S = 60.0


class StopInstances(Effect):
    """Stops; with startInstancesAfterDuration it lasts that long and starts them again."""

    duration_parameter = "startInstancesAfterDuration"

    def begin(self) -> None:
        for account, resources in self.call.by_account():
            self.call.client("ec2", account).stop_instances(InstanceIds=ids(resources))

    def end(self) -> None:
        if not self.duration_s:
            return
        may_be_gone = self.call.parameters.get("completeIfInstancesTerminated") == "true"
        for account, resources in self.call.by_account():
            client = self.call.client("ec2", account)
            states = instance_states(client, ids(resources))
            gone = sorted(name for name, state in states.items() if state == "terminated")
            if gone and not may_be_gone:
                raise ActionFailed(f"Unable to start terminated instances: {', '.join(gone)}.")
            stopped = sorted(
                name
                for name, state in states.items()
                if state == "stopped" and not self.call.leaves("leave_stopped", account)
            )
            if stopped:
                client.start_instances(InstanceIds=stopped)


class RebootInstances(Effect):
    """Reboots: the instances do not answer for a minute."""

    def begin(self) -> None:
        for account, resources in self.call.by_account():
            self.call.client("ec2", account).reboot_instances(InstanceIds=ids(resources))
            for name in ids(resources):
                self.call.physics.rebooting_until[name] = self.call.now() + REBOOT_S


class TerminateInstances(Effect):
    """Terminates for good."""

    def begin(self) -> None:
        for account, resources in self.call.by_account():
            self.call.client("ec2", account).terminate_instances(InstanceIds=ids(resources))


def ids(resources: Iterable[Resource]) -> list[str]:
    """The names that EC2 calls take."""
    return [resource.name for resource in resources]


def instance_states(client: Any, instance_ids: list[str]) -> dict[str, str]:
    """The state of each instance that EC2 still knows."""
    answer = client.describe_instances(InstanceIds=instance_ids)
    return {
        instance["InstanceId"]: instance["State"]["Name"]
        for reservation in answer["Reservations"]
        for instance in reservation["Instances"]
    }
