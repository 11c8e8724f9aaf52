"""No capacity in a zone: the launch check and the worlds consult the shortages made here."""

from __future__ import annotations

from simulator.fis.effects.base import ActionFailed, Effect
from simulator.physics import Shortage


class InsufficientCapacity(Effect):
    """Both InsufficientInstanceCapacity actions: aimed at roles or at Auto Scaling groups."""

    def begin(self) -> None:
        percentage = self.call.parameters.get("percentage", "100")
        if not percentage.isdigit() or not 1 <= int(percentage) <= 100:
            raise ActionFailed("percentage must be from 1 to 100.", "ConfigurationFailure")
        zones = self.call.csv("availabilityZoneIdentifiers")
        for account, resources in self.call.by_account():
            self.call.physics.shortages[self._key(account)] = Shortage(
                account,
                self._zone_names(account, zones),
                int(percentage),
                frozenset(resource.arn for resource in resources),
            )

    def end(self) -> None:
        for account, _ in self.call.by_account():
            self.call.physics.shortages.pop(self._key(account), None)

    def _key(self, account: str) -> str:
        return f"{self.call.experiment_id}/{self.call.name}/{account}"

    def _zone_names(self, account: str, wanted: frozenset[str]) -> frozenset[str]:
        client = self.call.client("ec2", account)
        zones = client.describe_availability_zones()["AvailabilityZones"]
        names = {z["ZoneName"] for z in zones if {z["ZoneName"], z["ZoneId"]} & wanted}
        if not names:
            message = f"No Availability Zone is called {', '.join(sorted(wanted))}."
            raise ActionFailed(message, "ConfigurationFailure")
        return frozenset(names)
