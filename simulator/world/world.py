"""Every application of the estate over time: steps the models, publishes, heals, judges alarms.

Driven by the clock after FIS has had its turn. The control pages read and switch it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from simulator.clock import Clock
from simulator.estate import ACCOUNTS, DEPLOYMENTS, REGION, TELEMETRY_PROD, Deployment, metric_home
from simulator.physics import Physics
from simulator.systems.base import System
from simulator.world import metrics
from simulator.world.alarms import AlarmEvaluator
from simulator.world.joined import Joined
from simulator.world.mqtt_broker import MqttBroker, Size
from simulator.world.nodes import Node, nodes_of
from simulator.world.past import Past, Values
from simulator.world.plain_service import PlainService

BROKER = "mqtt-broker"
PUBLISH_EVERY_S = 15.0
HISTORY_S = 1800.0
HEAL_AFTER_S = 120.0
PRUNE_EVERY_WALL_S = 120.0

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
    past: Past = field(default_factory=Past)

    @property
    def called(self) -> str:
        """The value of the dimension of its metrics."""
        return metric_home(self.deployment)[1][1]


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
        self.joined: dict[str, Joined] = {}
        metrics.install_reading()

    def backfill(self) -> None:
        """Publish a quiet past, so that every chart has a before."""
        count = int(HISTORY_S / PUBLISH_EVERY_S)
        self._look(0.0)
        for number in range(count, -1, -1):
            self._publish(-number * PUBLISH_EVERY_S)

    def join(self, system: System) -> None:
        """Have a system from now on, with a quiet past of its own."""
        joined = Joined(system)
        self._give_past(joined)
        self.joined[system.name] = joined

    def calm(self, name: str) -> None:
        """Let a joined system be as if nothing had ever happened to it."""
        joined = self.joined.pop(name)
        joined.calm()
        self._give_past(joined)
        self.joined[name] = joined

    def _give_past(self, joined: Joined) -> None:
        account = joined.system.account
        joined.look(self._nodes_by_account(self._published_at, {account}))
        count = int(HISTORY_S / PUBLISH_EVERY_S)
        for number in range(count, -1, -1):
            at = self._published_at - number * PUBLISH_EVERY_S
            joined.publish(at, self._clock.wall(at))
        metrics.sort(account, REGION)

    def metrics_of(self, name: str, at: float | None = None) -> tuple[float, Values]:
        """What a system or application had published at an engine second, and when; of one in
        several accounts, in the first. KeyError."""
        pasts = {each.called: each.past for each in reversed(self.applications)}
        past = self.joined[name].past if name in self.joined else pasts[name]
        found = past.at(self._clock.now() if at is None else at)
        if found is None:
            raise KeyError(f"{name} had published nothing at {at}")
        return found

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
        for joined in list(self.joined.values()):
            joined.act(now)
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

    def fixes(self, name: str) -> dict[str, bool]:
        """The switches of a world, each as it is. Raises KeyError for one without any."""
        if name == BROKER:
            return {"quorum": self.broker().has_quorum}
        return dict(self.joined[name].system.switches)

    def switch(self, name: str, fix: str, is_on: bool) -> None:
        """Apply a fix or take it back."""
        if name == BROKER:
            self.switch_quorum(is_on)
        else:
            self.joined[name].system.switches[fix] = is_on

    def switch_quorum(self, is_on: bool) -> None:
        """Apply or take back the fix in every broker cluster."""
        for application in self.applications:
            if isinstance(application.model, MqttBroker):
                application.model.has_quorum = is_on

    def _look(self, now: float) -> None:
        seen = self._nodes_by_account(now, set(ACCOUNTS))
        for application in self.applications:
            place = application.deployment
            application.nodes = seen[place.account].get(place.application, [])
        for joined in list(self.joined.values()):
            joined.look(seen)

    def _nodes_by_account(
        self, now: float, accounts: Collection[str]
    ) -> dict[str, dict[str, list[Node]]]:
        return {account: nodes_of(account, self._physics, now) for account in accounts}

    def _publish(self, now: float) -> None:
        wall = self._clock.wall(now)
        for application in self.applications:
            application.values = application.model.step(now, application.nodes)
            application.series.publish(application.values, wall)
            application.past.add(now, {application.called: application.values})
        for joined in list(self.joined.values()):
            joined.publish(now, wall)

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
