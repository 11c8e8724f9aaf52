"""An MQTT broker cluster over three zones, with the split brain that the exercise is to find.

A pure model: given which brokers answer, what do vehicles notice? Without the quorum fix the
brokers that remain and those that lost power form two clusters.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulator.world.nodes import Node

RECONNECT_S = 75.0
DELIVERY_DIP_S = 18.0
LATENCY_SPIKE_S = 40.0
SPLIT_AFTER_S = 150.0
HEAL_AFTER_S = 60.0
SPLIT_DELIVERED = 91.0
SPLIT_CONNECTED = 0.88


@dataclass(frozen=True, slots=True)
class Size:
    """What is normal for one cluster."""

    vehicles: float
    delivered: float = 99.93
    p99_ms: float = 180.0


class MqttBroker:
    """One broker cluster."""

    def __init__(self, size: Size, names: Mapping[str, str], rng: random.Random) -> None:
        self.has_quorum = False
        self.is_split = False
        self._size = size
        self._zones = names
        self._rng = rng
        self._connected = size.vehicles
        self._lost: set[str] = set()
        self._zone_lost_at: float | None = None
        self._all_back_at: float | None = None
        self._shock = 0.0
        self._shock_at = -math.inf
        self._now: float | None = None

    def step(self, now: float, nodes: Sequence[Node]) -> dict[str, float]:
        """Live until `now` with these brokers; the metrics at that moment."""
        elapsed = 0.0 if self._now is None else now - self._now
        self._now = now
        answering = {node.name for node in nodes if node.answers}
        self._notice(now, set(self._zones) - answering)
        self._split_or_heal(now)
        self._reconnect(elapsed)
        paused = sum(node.is_paused for node in nodes if node.answers)
        return self._metrics(now, paused)

    def _notice(self, now: float, lost: set[str]) -> None:
        share = len(lost - self._lost) / len(self._zones)
        if share:
            self._shock, self._shock_at = share, now
            self._connected *= 1 - share
        self._lost = lost
        lost_zones = [zone for zone in set(self._zones.values()) if self._is_dark(zone)]
        if not lost_zones:
            self._zone_lost_at = None
        elif self._zone_lost_at is None:
            self._zone_lost_at = now
        if lost:
            self._all_back_at = None
        elif self._all_back_at is None:
            self._all_back_at = now

    def _is_dark(self, zone: str) -> bool:
        return all(name in self._lost for name, its in self._zones.items() if its == zone)

    def _split_or_heal(self, now: float) -> None:
        since = self._zone_lost_at
        is_over = since is not None and now - since >= SPLIT_AFTER_S
        if is_over and not self.has_quorum and self._serving > 0:
            self.is_split = True
        if self._all_back_at is not None and now - self._all_back_at >= HEAL_AFTER_S:
            self.is_split = False

    @property
    def _serving(self) -> float:
        """The share of brokers that answer."""
        return 1 - len(self._lost) / len(self._zones)

    @property
    def _capacity(self) -> float:
        """Half of the brokers can carry everybody."""
        return min(1.0, self._serving / 0.5)

    def _reconnect(self, elapsed: float) -> None:
        target = self._size.vehicles * self._capacity * (SPLIT_CONNECTED if self.is_split else 1)
        self._connected += (target - self._connected) * (1 - math.exp(-elapsed / RECONNECT_S))

    def _metrics(self, now: float, paused: int) -> dict[str, float]:
        if self._serving == 0:
            return {
                "MessagesDelivered": 0.0,
                "DistinctClusters": 0.0,
                "ConnectedVehicles": 0.0,
                "PublishToDeliverP99": 30_000.0,
            }
        age = now - self._shock_at
        usual = SPLIT_DELIVERED if self.is_split else self._size.delivered
        delivered = usual * self._capacity
        delivered -= 54 * self._shock * math.exp(-age / DELIVERY_DIP_S)
        latency = self._size.p99_ms + 4200 * self._shock * math.exp(-age / LATENCY_SPIKE_S)
        latency += 60 * paused + (260 if self.is_split else 0) + 40 * (1 - self._serving)
        return {
            "MessagesDelivered": min(100.0, delivered + self._rng.gauss(0, 0.015)),
            "DistinctClusters": 2.0 if self.is_split else 1.0,
            "ConnectedVehicles": float(round(self._connected * (1 + self._rng.gauss(0, 0.0006)))),
            "PublishToDeliverP99": latency * (1 + self._rng.gauss(0, 0.02)),
        }
