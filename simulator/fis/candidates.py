"""What a target may mean: one resource as its Describe call shows it. Used by the resolution."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.fis.access import Access

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One resource: what filters look at, its tags, and what target parameters may name."""

    arn: str
    document: Document
    tags: Mapping[str, str]
    named: Mapping[str, Collection[str]] = field(default_factory=dict)
    shown: Mapping[str, str] = field(default_factory=dict)
    """How it is shown instead of by its ARN; empty for what has one."""


def tags_of(entries: list[dict[str, str]] | None) -> dict[str, str]:
    return {entry["Key"]: entry["Value"] for entry in entries or []}


def zone_ids(access: Access, account: str) -> dict[str, str]:
    """The id of each zone by its name."""
    zones = access.client("ec2", account).describe_availability_zones()["AvailabilityZones"]
    return {zone["ZoneName"]: zone["ZoneId"] for zone in zones}
