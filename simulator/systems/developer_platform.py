"""A developer platform on EKS whose build caches are bound to the EBS volumes of one zone.

The flaw: when a zone loses power its nodes are replaced in other zones, but the cache pods stay
bound to volumes that cannot follow; builds run without that cache for 15 to 20 minutes, until a
new volume is made and fills. The fix `caches_move`: caches are rebuilt from a replica.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from moto.ec2.models import ec2_backends

from simulator.estate import (
    APPLICATION_TAG,
    FIS_ROLE,
    PLATFORM_PROD,
    POWER_TAG,
    REGION,
    ZONES,
    AlarmPlan,
    Deployment,
)
from simulator.physics import Physics, Pod
from simulator.seeding import Builder
from simulator.systems.base import MINUTE, Home, Readings, System
from simulator.world.nodes import Node, nodes_of

APPLICATION: Final = "developer-platform"
NODES: Final = Deployment(PLATFORM_PROD, APPLICATION, "node", (2, 2, 2), "m6i.4xlarge")
CLUSTER_ARN: Final = f"arn:aws:eks:{REGION}:{PLATFORM_PROD}:cluster/{APPLICATION}"
HOME: Final[Home] = ("DeveloperPlatform/CI", ("Cluster", APPLICATION))
BOUND_FOR_S: Final = (14 * MINUTE, 17 * MINUTE)
MOVES_IN_S: Final = MINUTE
FILLS_IN_S: Final = 60.0
SCALES_AFTER_S: Final = 2 * MINUTE
SHRINKS_AFTER_S: Final = 5 * MINUTE
POD_STARTS_IN_S: Final = 45.0
HIT_RATIO: Final = 94.0
BUILD_S: Final = 240.0


@dataclass
class Cache:
    """One cache pod: its zone and volume, and how much of its content it can serve."""

    zone: str
    volume: str = ""
    warmth: float = 1.0
    homeless_since: float | None = None
    bound_for_s: float = 0.0
    gone_since: float | None = None
    generation: int = 1

    @property
    def name(self) -> str:
        return f"artifact-cache-{self.zone[-1]}-{self.generation}"


class DeveloperPlatform(System):
    """Continuous integration for everybody."""

    name = "developer-platform"
    account = PLATFORM_PROD
    application = APPLICATION
    alarms = (
        AlarmPlan(
            PLATFORM_PROD,
            "developer-platform-build-duration",
            *(HOME[0], "BuildDurationP95", HOME[1]),
            comparison="GreaterThanThreshold",
            threshold=320.0,
            periods=3,
        ),
        AlarmPlan(
            PLATFORM_PROD,
            "developer-platform-queue",
            *(HOME[0], "QueuedRunners", HOME[1]),
            comparison="GreaterThanThreshold",
            threshold=2000.0,
            periods=3,
        ),
    )
    fixes = {"caches_move": False}

    def __init__(self, physics: Physics, builder: Builder, rng: random.Random) -> None:
        super().__init__(physics, builder, rng)
        self._caches = [Cache(zone) for zone in ZONES]
        self._forget()

    def _forget(self) -> None:
        self._short_since: float | None = None
        self._surplus_since: float | None = None
        self._queued = 12.0
        self._now: float | None = None

    def build(self) -> None:
        eks, ec2 = self._builder.client("eks"), self._builder.client("ec2")
        subnets = self._builder.deploy(NODES)
        role = f"arn:aws:iam::{self.account}:role/{FIS_ROLE}"
        eks.create_cluster(
            name=APPLICATION,
            roleArn=role,
            resourcesVpcConfig={"subnetIds": list(subnets.values())},
            tags={APPLICATION_TAG: APPLICATION},
        )
        eks.create_nodegroup(
            clusterName=APPLICATION,
            nodegroupName="runners",
            nodeRole=role,
            subnets=list(subnets.values()),
            tags={APPLICATION_TAG: APPLICATION},
        )
        self._join_nodegroup()
        tags = {"Name": "artifact-cache", APPLICATION_TAG: APPLICATION, POWER_TAG: "ApiPauseVolume"}
        for cache in self._caches:
            cache.volume = ec2.create_volume(
                AvailabilityZone=cache.zone,
                Size=500,
                VolumeType="gp3",
                TagSpecifications=[
                    {
                        "ResourceType": "volume",
                        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
                    }
                ],
            )["VolumeId"]
            self._attach(cache)
            self._start(cache)

    def _attach(self, cache: Cache) -> None:
        """Give the volume to a node of its zone if it has none."""
        nodes = self._builder.instances(APPLICATION, cache.zone)
        if self._is_loose(cache) and nodes:
            self._builder.client("ec2").attach_volume(
                Device="/dev/sdf", VolumeId=cache.volume, InstanceId=nodes[0]
            )

    def restore(self) -> None:
        ec2 = self._builder.client("ec2")
        nodes = nodes_of(self.account, self._physics, math.inf).get(APPLICATION, [])
        own = dict(NODES.names())
        spare = [node.instance_id for node in nodes if node.name not in own]
        if spare:
            ec2.terminate_instances(InstanceIds=spare)
        stopped = [node.instance_id for node in nodes if node.state == "stopped"]
        if stopped:
            ec2.start_instances(InstanceIds=stopped)
        for name in sorted(set(own) - {node.name for node in nodes}):
            self._builder.replace(NODES, name, own[name])
        self._join_nodegroup()
        for cache in self._caches:
            cache.warmth, cache.homeless_since, cache.gone_since = 1.0, None, None
            self._attach(cache)
            self._start(cache)
        self._forget()

    def _join_nodegroup(self) -> None:
        tags = {"eks:nodegroup-name": "runners", "eks:cluster-name": APPLICATION}
        self._builder.client("ec2").create_tags(
            Resources=[
                each for zone in ZONES for each in self._builder.instances(APPLICATION, zone)
            ],
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )

    def _start(self, cache: Cache) -> Pod:
        labels = frozenset({"app=artifact-cache", "AZApplicationSlowdown=LatencyForEKS"})
        pod = Pod(self.account, CLUSTER_ARN, "ci", cache.name, "artifact-cache", labels, cache.zone)
        self._physics.pods[pod.arn] = pod
        return pod

    # -- the world around it

    def act(self, now: float, nodes: Sequence[Node]) -> None:
        """The node autoscaler: two nodes elsewhere for a zone that is dark, gone again later."""
        wanted = len(NODES.names())
        own = {name for name, _ in NODES.names()}
        serving = sum(node.answers for node in nodes)
        extra = [node for node in nodes if node.name not in own]
        self._short_since = _since(self._short_since, serving < wanted, now)
        self._surplus_since = _since(
            self._surplus_since, bool(extra) and serving - len(extra) >= wanted, now
        )
        for cache in filter(self._is_loose, self._caches):
            self._attach(cache)
        if self._short_since is not None and now - self._short_since >= SCALES_AFTER_S:
            self._grow(nodes, wanted - serving)
        if self._surplus_since is not None and now - self._surplus_since >= SHRINKS_AFTER_S:
            self._builder.client("ec2").terminate_instances(
                InstanceIds=[node.instance_id for node in extra]
            )

    def _is_loose(self, cache: Cache) -> bool:
        volume = ec2_backends[self.account][REGION].volumes.get(cache.volume)
        return volume is not None and volume.attachment is None

    def _grow(self, nodes: Sequence[Node], missing: int) -> None:
        """Replace what was terminated in its own zone if it can be, the rest elsewhere."""
        taken = {node.name for node in nodes}
        lit = sorted({node.zone for node in nodes if node.answers}) or list(ZONES)
        open_zones = [z for z in lit if self._physics.has_capacity(self.account, z)]
        for number in range(missing if open_zones else 0):
            zone = open_zones[number % len(open_zones)]
            own = [name for name, its in NODES.names() if its == zone and name not in taken]
            name = own[0] if own else f"spare-{zone[-1]}{self._number(taken, zone)}"
            taken.add(name)
            self._builder.replace(NODES, name, zone)
        if open_zones:
            self._short_since = None
            self._join_nodegroup()

    def _number(self, taken: set[str], zone: str) -> int:
        return next(n for n in range(1, 1000) if f"spare-{zone[-1]}{n}" not in taken)

    # -- what is measured

    def step(self, now: float, nodes: Sequence[Node]) -> Readings:
        elapsed = 0.0 if self._now is None else now - self._now
        self._now = now
        lit = {node.zone for node in nodes if node.answers}
        for cache in self._caches:
            self._live(cache, now, elapsed, is_home=cache.zone in lit, anywhere=bool(lit))
        serving = sum(node.answers for node in nodes) / len(NODES.names())
        warmth = sum(self._served(cache, now) for cache in self._caches) / len(self._caches)
        slow = 1 + 1.6 * (1 - warmth) + sum(self._slowed(cache) for cache in self._caches) / 3
        self._queued += elapsed * (18.0 * max(0.0, 1 - serving) - self._queued / 180 * serving)
        queued = max(12.0, self._queued)
        return {
            HOME: {
                "CacheHitRatio": HIT_RATIO * warmth - abs(self._rng.gauss(0, 0.1)),
                "BuildDurationP95": self._noisy(BUILD_S * slow / max(serving, 0.2) ** 0.25, 0.01),
                "QueuedRunners": float(round(self._noisy(queued, 0.02))),
                "ReadyNodes": float(sum(node.answers for node in nodes)),
            }
        }

    def _live(
        self, cache: Cache, now: float, elapsed: float, *, is_home: bool, anywhere: bool
    ) -> None:
        """Bound to a zone in the dark a cache is lost; in another zone it has to fill again."""
        if is_home:
            if cache.homeless_since is not None:
                cache.warmth = 1.0  # all that it held is on its volume still
            cache.homeless_since = None
        elif cache.homeless_since is None:
            cache.homeless_since = now
            cache.bound_for_s = self._rng.uniform(*BOUND_FOR_S)
        if cache.homeless_since is None:
            if self._has_pod(cache, now):
                cache.warmth += (1 - cache.warmth) * (1 - math.exp(-elapsed / FILLS_IN_S))
            return
        lasts = MOVES_IN_S if self.switches["caches_move"] else cache.bound_for_s
        if now - cache.homeless_since < lasts or not anywhere:
            cache.warmth = 0.0
        else:
            cache.warmth += (1 - cache.warmth) * (1 - math.exp(-elapsed / FILLS_IN_S))

    def _has_pod(self, cache: Cache, now: float) -> bool:
        """Whether the pod is there; one that was deleted is started anew on its volume."""
        if f"{CLUSTER_ARN}/ci/{cache.name}" in self._physics.pods:
            return True
        if cache.gone_since is None:
            cache.gone_since, cache.warmth = now, 0.0
        elif now - cache.gone_since >= POD_STARTS_IN_S:
            cache.gone_since, cache.warmth = None, 1.0
            cache.generation += 1
            self._start(cache)
        return False

    def _served(self, cache: Cache, now: float) -> float:
        is_paused = cache.homeless_since is None and cache.volume in self._physics.paused_volumes
        return 0.0 if is_paused else cache.warmth

    def _slowed(self, cache: Cache) -> float:
        """How much longer builds take because this cache answers late."""
        volume = f"arn:aws:ec2:{REGION}:{self.account}:volume/{cache.volume}"
        slow = 0.0
        for fault in self._physics.feel(volume, "aws:ebs:volume-io-latency"):
            milliseconds = float(fault.parameters["readIOLatencyMilliseconds"])
            slow += milliseconds * float(fault.parameters["readIOPercentage"]) / 100 / 200
        pod = f"{CLUSTER_ARN}/ci/{cache.name}"
        for fault in self._physics.feel(pod, "aws:eks:pod-network-latency"):
            slow += float(fault.parameters["delayMilliseconds"]) / 400
        for fault in self._physics.feel(pod, "aws:eks:pod-cpu-stress"):
            slow += float(fault.parameters["percent"]) / 200
        return min(slow, 4.0)


def _since(before: float | None, is_so: bool, now: float) -> float | None:
    if not is_so:
        return None
    return now if before is None else before
