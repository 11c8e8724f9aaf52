"""A service whose health only depends on how many of its instances answer."""

from __future__ import annotations

import math
import random
from collections.abc import Collection, Sequence

from simulator.world.nodes import Node

DIP_S = 40.0
ENOUGH = 0.6
AVAILABILITY = 99.95
P95_MS = 120.0


class PlainService:
    """Availability and latency of one application."""

    def __init__(self, names: Collection[str], rng: random.Random) -> None:
        self._names = set(names)
        self._rng = rng
        self._lost: set[str] = set()
        self._shock = 0.0
        self._shock_at = -math.inf

    def step(self, now: float, nodes: Sequence[Node]) -> dict[str, float]:
        """The metrics at a moment with these instances."""
        lost = self._names - {node.name for node in nodes if node.answers}
        share = len(lost - self._lost) / len(self._names)
        if share:
            self._shock, self._shock_at = share, now
        self._lost = lost
        serving = 1 - len(lost) / len(self._names)
        if serving == 0:
            return {"Availability": 0.0, "LatencyP95": 30_000.0}
        dip = self._shock * math.exp(-(now - self._shock_at) / DIP_S)
        available = AVAILABILITY * min(1.0, serving / ENOUGH) - 40 * dip
        latency = P95_MS * (1 + 0.8 * (1 - serving)) + 900 * dip
        return {
            "Availability": min(100.0, available + self._rng.gauss(0, 0.01)),
            "LatencyP95": latency * (1 + self._rng.gauss(0, 0.02)),
        }
