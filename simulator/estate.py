"""The simulated estate: three accounts of an imagined carmaker, as plain data.

Read by the seeding and by the worlds. Nothing here describes a real company.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

REGION: Final = "eu-central-1"
ZONES: Final = (f"{REGION}a", f"{REGION}b", f"{REGION}c")
EXTERNAL_ID: Final = "chaosplane-demo"
APPLICATION_TAG: Final = "chaosplane:application"
POWER_TAG: Final = "AzImpairmentPower"

TELEMETRY_PROD: Final = "111111111111"
PLATFORM_PROD: Final = "222222222222"
TELEMETRY_INT: Final = "333333333333"
ACCOUNTS: Final = {
    TELEMETRY_PROD: "telemetry-prod",
    PLATFORM_PROD: "platform-prod",
    TELEMETRY_INT: "telemetry-int",
}
PRODUCT_ROLES: Final = ("chaosplane-read", "chaosplane-start", "chaosplane-stop")
FIS_ROLE: Final = "fis-experiments"


@dataclass(frozen=True, slots=True)
class Deployment:
    """One application in one account: its instances and what else it runs on."""

    account: str
    application: str
    prefix: str
    per_zone: tuple[int, int, int]
    instance_type: str = "m6i.large"
    data_volume_gib: int = 0
    has_database: bool = False

    def names(self) -> list[tuple[str, str]]:
        """The name and zone of every instance."""
        return [
            (f"{self.prefix}-{zone[-1]}{number}", zone)
            for zone, count in zip(ZONES, self.per_zone, strict=True)
            for number in range(1, count + 1)
        ]


DEPLOYMENTS: Final = (
    Deployment(TELEMETRY_PROD, "mqtt-broker", "broker", (3, 3, 3), "r6i.4xlarge", 200, True),
    Deployment(TELEMETRY_INT, "mqtt-broker", "broker", (1, 1, 1), "r6i.large", 50, True),
    Deployment(PLATFORM_PROD, "ci-runners", "runner", (2, 2, 2), "c6i.4xlarge"),
    Deployment(PLATFORM_PROD, "identity-tokens", "tokens", (1, 1, 1)),
    Deployment(PLATFORM_PROD, "charging-sessions", "charging", (2, 2, 2)),
    Deployment(PLATFORM_PROD, "media-catalogue", "media", (1, 1, 0)),
)
