"""EBS volumes that do not answer for a while."""

from __future__ import annotations

from simulator.fis.effects.base import ActionFailed, Effect


class PauseVolumeIo(Effect):
    """Pauses attached volumes of one zone; the worlds see it, describe calls do not."""

    def begin(self) -> None:
        for account, resources in self.call.by_account():
            names = [resource.name for resource in resources]
            client = self.call.client("ec2", account)
            volumes = client.describe_volumes(VolumeIds=names)["Volumes"]
            loose = sorted(each["VolumeId"] for each in volumes if not each["Attachments"])
            if loose:
                raise ActionFailed(
                    "Unable to start Pause Volume IO. Target volumes must be attached to an "
                    "instance type based on the Nitro system. "
                    f"VolumeId(s): [{', '.join(loose)}]",
                    "InvalidTarget",
                )
            zones = sorted({each["AvailabilityZone"] for each in volumes})
            if len(zones) > 1:
                message = f"Volumes must be in one Availability Zone, not in {', '.join(zones)}."
                raise ActionFailed(message, "InvalidTarget")
            self.call.physics.paused_volumes.update(names)

    def end(self) -> None:
        self.call.physics.paused_volumes.difference_update(
            resource.name for resource in self.call.resources
        )
