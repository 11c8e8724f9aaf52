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
EVENT_QUEUE: Final = "chaosplane-fis-events"
"""In each account: EventBridge sends the state changes of FIS there."""


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
    Deployment(TELEMETRY_PROD, "charging-sessions", "charging", (2, 2, 2)),
)


@dataclass(frozen=True, slots=True)
class AlarmPlan:
    """One metric alarm of the estate: bad for so many minutes in a row."""

    account: str
    name: str
    namespace: str
    metric: str
    dimension: tuple[str, str] | None
    comparison: str
    threshold: float
    periods: int
    missing: str = "missing"
    """How it treats missing data."""


MQTT_METRICS: Final = "ConnectedVehicle/MQTT"
APPLICATION_METRICS: Final = "Platform/Applications"


def metric_home(deployment: Deployment) -> tuple[str, tuple[str, str]]:
    """The namespace and dimension of a deployment's metrics."""
    if deployment.application != "mqtt-broker":
        return APPLICATION_METRICS, ("Application", deployment.application)
    is_production = deployment.account == TELEMETRY_PROD
    return MQTT_METRICS, ("Cluster", "mqtt-broker" if is_production else "mqtt-broker-int")


def _alarms_of(deployment: Deployment) -> list[AlarmPlan]:
    account, (space, dimension) = deployment.account, metric_home(deployment)
    if deployment.application == "mqtt-broker":
        # 75 % lies below what a split brain alone costs: that is for the exercise to find.
        plans = [
            ("mqtt-undelivered-high", "MessagesDelivered", "LessThanThreshold", 75.0, 3),
            ("mqtt-cluster-count", "DistinctClusters", "GreaterThanThreshold", 1.0, 1),
        ]
    else:
        name = f"{deployment.application}-availability"
        plans = [(name, "Availability", "LessThanThreshold", 90.0, 3)]
    return [
        AlarmPlan(account, name, space, metric, dimension, comparison, threshold, periods)
        for name, metric, comparison, threshold, periods in plans
    ]


def _heartbeat_of(account: str) -> AlarmPlan:
    """Fires when whoever should watch the experiments says nothing for ten minutes."""
    return AlarmPlan(
        account,
        name="chaosplane-heartbeat",
        namespace="ChaosPlane",
        metric="Heartbeat",
        dimension=None,
        comparison="LessThanThreshold",
        threshold=1.0,
        periods=10,
        missing="breaching",
    )


ALARMS: Final = (
    *(alarm for each in DEPLOYMENTS for alarm in _alarms_of(each)),
    *(_heartbeat_of(account) for account in ACCOUNTS),
)
