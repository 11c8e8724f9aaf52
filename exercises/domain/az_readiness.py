"""Which resources carry the tags by which the scenarios of a zone select, and which do not.

Pure; services.az_readiness reads the resources and asks here. The tags are those of
domain.az_power and domain.scenarios.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

POWER: Final = "AzImpairmentPower"
SLOWDOWN: Final = "AZApplicationSlowdown"
TRAFFIC: Final = "CrossAZTrafficSlowdown"
MOST_AT_ONCE: Final = 20
"""Resources that one call tags (Resource Groups Tagging API Reference, TagResources)."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A kind of resource that a scenario selects, and the tag by which it does."""

    scenario: str
    kind: str
    resource_type: str
    key: str
    value: str


_POWER: Final = "AZ Availability: Power Interruption"
WANTED: Final = (
    Wanted(_POWER, "Instances", "aws:ec2:instance", POWER, "StopInstances"),
    Wanted(_POWER, "Auto Scaling groups", "aws:ec2:autoscaling-group", POWER, "IceAsg"),
    Wanted(_POWER, "Subnets", "aws:ec2:subnet", POWER, "DisruptSubnet"),
    Wanted(_POWER, "Aurora clusters", "aws:rds:cluster", POWER, "DisruptRds"),
    Wanted(_POWER, "EBS volumes", "aws:ec2:ebs-volume", POWER, "ApiPauseVolume"),
    Wanted(_POWER, "ElastiCache groups", "aws:elasticache:replicationgroup", POWER,
           "ElasticacheImpact"),
    Wanted("AZ: Application Slowdown", "Instances", "aws:ec2:instance", SLOWDOWN, "LatencyForEC2"),
    Wanted("AZ: Application Slowdown", "Tasks", "aws:ecs:task", SLOWDOWN, "LatencyForECS"),
    Wanted("Cross-AZ: Traffic Slowdown", "Instances", "aws:ec2:instance", TRAFFIC,
           "PacketLossForEC2"),
    Wanted("Cross-AZ: Traffic Slowdown", "Tasks", "aws:ecs:task", TRAFFIC, "PacketLossForECS"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """One resource as it stands: its zone is empty for what has none of its own."""

    arn: str
    az: str
    label: str
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class KindReadiness:
    """One row. `untagged` is None where only tagged resources can be seen."""

    wanted: Wanted
    by_zone: Mapping[str, int]
    tagged: int
    untagged: tuple[Found, ...] | None
    commands: tuple[str, ...]

    @property
    def state(self) -> str:
        """ready, partly or none: whether a scenario would find what is there."""
        if not self.tagged:
            return "none"
        return "partly" if self.untagged else "ready"


def readiness_of(
    wanted: Wanted,
    found: Sequence[Found],
    *,
    region: str,
    zone_ids: Mapping[str, str],
    sees_all: bool,
) -> KindReadiness:
    """One kind: how many carry its tag, zone by zone as physical ids, and what would add it."""
    tagged = [each for each in found if each.tags.get(wanted.key) == wanted.value]
    without = tuple(each for each in found if each not in tagged) if sees_all else None
    by_zone: dict[str, int] = {}
    for each in tagged:
        zone = zone_ids.get(each.az, each.az)
        by_zone[zone] = by_zone.get(zone, 0) + 1
    return KindReadiness(
        wanted=wanted,
        by_zone=dict(sorted(by_zone.items())),
        tagged=len(tagged),
        untagged=without,
        commands=tuple(commands_for(wanted, (each.arn for each in without or ()), region=region)),
    )


def commands_for(wanted: Wanted, arns: Iterable[str], *, region: str) -> list[str]:
    """The commands of the AWS CLI that add the tag, as many as it takes."""
    waiting = sorted(arns)
    return [
        " ".join(
            [
                "aws resourcegroupstaggingapi tag-resources --region",
                shlex.quote(region),
                f"--tags {wanted.key}={wanted.value} --resource-arn-list",
                *(shlex.quote(arn) for arn in waiting[first : first + MOST_AT_ONCE]),
            ]
        )
        for first in range(0, len(waiting), MOST_AT_ONCE)
    ]
