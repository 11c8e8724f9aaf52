"""Every application of the estate over time: steps the models, publishes, heals, judges alarms.

Driven by the clock after FIS has had its turn. The control pages read and switch it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from simulator.clock import Clock
from simulator.estate import DEPLOYMENTS, REGION, TELEMETRY_PROD, Deployment, metric_home
from simulator.physics import Physics
from simulator.world import metrics
from simulator.world.alarms import AlarmEvaluator
from simulator.world.mqtt_broker import MqttBroker, Size
from simulator.world.nodes import Node, nodes_of
from simulator.world.plain_service import PlainService

PUBLISH_EVERY_S = 15.0
HISTORY_S = 1800.0
HEAL_AFTER_S = 120.0
PRUNE_EVERY_WALL_S = 30.0

Launch = Callable[[Deployment, str, str], None]


@dataclass
class Application:
    """One deployment, its model and where its metrics go."""

    deployment: Deployment
    model: MqttBroker | PlainService
    series: metrics.Series
    nodes: list[Node] = field(default_factory=list)
    values: dict[str, float] = field(default_factory=dict)
    missing_since: dict[str, float] = field(default_factory=dict)


class World:
    """All applications."""

    def __init__(self, clock: Clock, physics: Physics, rng: random.Random, launch: Launch) -> None:
        self._clock = clock
        self._physics = physics
        self._launch = launch
        self._alarms = AlarmEvaluator(clock.speed)
        self._published_at = 0.0
        self._pruned_at = 0.0
        self.applications = [_application(each, rng) for each in DEPLOYMENTS]
        metrics.install_reading()

    def backfill(self) -> None:
        """Publish a quiet past, so that every chart has a before."""
        count = int(HISTORY_S / PUBLISH_EVERY_S)
        self._look(0.0)
        for number in range(count, -1, -1):
            self._publish(-number * PUBLISH_EVERY_S)

    def tick(self) -> None:
        """Live until now."""
        now = self._clock.now()
        if now - self._published_at < PUBLISH_EVERY_S:
            return
        # A busy machine may tick late: sensors would have gone on measuring what was there.
        self._published_at = max(self._published_at, now - HISTORY_S)
        while self._published_at + 2 * PUBLISH_EVERY_S <= now:
            self._published_at += PUBLISH_EVERY_S
            self._publish(self._published_at)
        self._look(now)
        self._published_at += PUBLISH_EVERY_S
        self._publish(self._published_at)
        self._alarms.evaluate(self._clock.wall(now))
        self._heal(now)
        if (now - self._pruned_at) / self._clock.speed >= PRUNE_EVERY_WALL_S:
            self._pruned_at = now
            for account in {each.deployment.account for each in self.applications}:
                metrics.prune(account, REGION, self._clock.wall(now))

    def broker(self, account: str = TELEMETRY_PROD) -> MqttBroker:
        """The broker cluster of an account."""
        for application in self.applications:
            is_here = application.deployment.account == account
            if is_here and isinstance(application.model, MqttBroker):
                return application.model
        raise KeyError(f"no broker cluster in account {account}")

    def switch_quorum(self, is_on: bool) -> None:
        """Apply or take back the fix in every broker cluster."""
        for application in self.applications:
            if isinstance(application.model, MqttBroker):
                application.model.has_quorum = is_on

    def _look(self, now: float) -> None:
        seen = {
            account: nodes_of(account, self._physics, now)
            for account in {each.deployment.account for each in self.applications}
        }
        for application in self.applications:
            place = application.deployment
            application.nodes = seen[place.account].get(place.application, [])

    def _publish(self, now: float) -> None:
        wall = self._clock.wall(now)
        for application in self.applications:
            application.values = application.model.step(now, application.nodes)
            application.series.publish(application.values, wall)

    def _heal(self, now: float) -> None:
        """Replace terminated instances once their zone has capacity; stopped ones stay."""
        for application in self.applications:
            present = {node.name for node in application.nodes}
            for name, zone in application.deployment.names():
                if name in present:
                    application.missing_since.pop(name, None)
                    continue
                since = application.missing_since.setdefault(name, now)
                has_capacity = self._physics.has_capacity(application.deployment.account, zone)
                if now - since >= HEAL_AFTER_S and has_capacity:
                    self._launch(application.deployment, name, zone)
                    del application.missing_since[name]


def _application(deployment: Deployment, rng: random.Random) -> Application:
    own = random.Random(rng.random())  # one stream each: one application cannot shift another
    model: MqttBroker | PlainService
    if deployment.application == "mqtt-broker":
        is_production = deployment.account == TELEMETRY_PROD
        size = Size(4_100_000.0 if is_production else 40_000.0)
        model = MqttBroker(size, dict(deployment.names()), own)
    else:
        model = PlainService([name for name, _ in deployment.names()], own)
    space, dimension = metric_home(deployment)
    series = metrics.Series(deployment.account, REGION, space, dimension)
    return Application(deployment, model, series)
