"""A system that joined the estate: stepped with the applications, its metrics published."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

from botocore.exceptions import BotoCoreError, ClientError
from moto.cloudwatch.models import cloudwatch_backends

from simulator.estate import REGION
from simulator.systems.base import Home, System
from simulator.world import metrics
from simulator.world.nodes import Node
from simulator.world.past import Past

logger = logging.getLogger(__name__)


class Joined:
    """One system with what it has published."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.past = Past()
        self.nodes: Sequence[Node] = ()
        self.values: Mapping[str, Mapping[str, float]] = {}
        self._series: dict[Home, metrics.Series] = {}

    def look(self, nodes: Mapping[str, Mapping[str, list[Node]]]) -> None:
        """See its instances, out of those of every account by application."""
        of_account = nodes.get(self.system.account, {})
        self.nodes = of_account.get(self.system.application, [])

    def publish(self, now: float, wall: datetime) -> None:
        """Step, and publish what can be measured."""
        values: dict[str, dict[str, float]] = {}
        for home, measured in self.system.step(now, self.nodes).items():
            if home not in self._series:
                namespace, dimension = home
                self._series[home] = metrics.Series(
                    self.system.account, REGION, namespace, dimension
                )
            self._series[home].publish(measured, wall)
            values.setdefault(home[1][1], {}).update(measured)
        self.values = values
        self.past.add(now, values)

    def calm(self) -> None:
        """Let the system be as right after joining, and forget all that it published."""
        self.system.calm()
        for namespace, dimension in self._series:
            metrics.forget(self.system.account, REGION, namespace, dimension)
        self.past = Past()
        for plan in self.system.alarms:
            alarm = cloudwatch_backends[plan.account][REGION].alarms.get(plan.name)
            if alarm is not None:
                alarm.update_state("The system was calmed.", "{}", "OK")

    def act(self, now: float) -> None:
        """Let its automation work; what AWS refuses it tries again at the next step."""
        try:
            self.system.act(now, self.nodes)
        except (ClientError, BotoCoreError) as error:
            logger.warning("%s could not act: %s", self.system.name, error)
