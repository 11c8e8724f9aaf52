"""An Aurora cluster over three zones whose clients stay with the old writer after a failover.

The flaw: the connection pool keeps what it has and trusts DNS for ten minutes, so writes go on
failing long after the cluster is well. The fix `follows_writer`: a driver that asks the cluster.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

from moto.rds.models import rds_backends

from simulator.estate import PLATFORM_PROD, REGION, AlarmPlan
from simulator.physics import Physics
from simulator.seeding import Builder
from simulator.systems.base import MINUTE, Home, Readings, System
from simulator.world.nodes import Node

CLUSTER: Final = "charging-sessions-db"
HOME: Final[Home] = ("Database/Clients", ("DBClusterIdentifier", CLUSTER))
FAILOVER_S: Final = 30.0
STALE_FOR_S: Final = 10 * MINUTE
STALE_SHARE: Final = 0.6
"""Of the connections, those that a pool hands out again though their server is no writer now."""


class WriterDatabase(System):
    """The database of the charging sessions, as its clients see it."""

    name = "charging-database"
    account = PLATFORM_PROD
    application = "charging-sessions"
    alarms = (
        AlarmPlan(
            PLATFORM_PROD,
            "charging-database-writes",
            *(HOME[0], "WriteSuccess", HOME[1]),
            comparison="LessThanThreshold",
            threshold=90.0,
            periods=3,
        ),
    )
    fixes = {"follows_writer": False}

    def __init__(self, physics: Physics, builder: Builder, rng: random.Random) -> None:
        super().__init__(physics, builder, rng)
        self._writer: str | None = None
        self._moved_at: float | None = None

    def build(self) -> None:
        self._builder.database(CLUSTER, self.application)
        self._writer = _writer()

    def restore(self) -> None:
        self._writer, self._moved_at = _writer(), None

    def step(self, now: float, _nodes: Sequence[Node]) -> Readings:
        writer = _writer()
        if writer != self._writer:
            self._writer, self._moved_at = writer, now
        is_up = writer is not None and self._physics.is_up(writer, now)
        failing = self._failing(now) if is_up else 1.0
        latency = 12.0 if failing < 1 else 30_000.0
        return {
            HOME: {
                "WriteSuccess": 100 * (1 - failing) - abs(self._rng.gauss(0, 0.01)),
                "FailedConnections": round(400 * failing),
                "CommitLatencyP95": self._noisy(latency + 180 * failing, 0.02),
            }
        }

    def _failing(self, now: float) -> float:
        """The share of writes that fail while the cluster itself has a writer that answers."""
        if self._moved_at is None:
            return 0.0
        age = now - self._moved_at
        if age < FAILOVER_S:
            return 1.0
        if self.switches["follows_writer"]:
            return 0.0
        return max(0.0, STALE_SHARE * (1 - (age - FAILOVER_S) / STALE_FOR_S))


def _writer() -> str | None:
    """The instance that takes writes now."""
    cluster = rds_backends[PLATFORM_PROD][REGION].clusters.get(CLUSTER)
    if cluster is None:
        return None
    return str(cluster.writer.db_instance_identifier) if cluster.writer else None
