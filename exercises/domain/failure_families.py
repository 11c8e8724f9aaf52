"""Families of failure: what each is called, what it is made of, what it can hit.

A template names its family (domain.ladder, domain.rotation and domain.lifecycle compare by
it). Families that are not in the table are as good as any other: they have no parts and
apply to every application.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Family:
    """`parts` are the smaller failures it consists of; `hits` the architecture tags of the
    applications it can happen to, empty for all."""

    words: str
    parts: frozenset[str] = frozenset()
    hits: frozenset[str] = frozenset()


FAMILIES: Final[Mapping[str, Family]] = MappingProxyType(
    {
        # AWS FIS User Guide, "AZ Availability: Power Interruption": instances, network,
        # volumes and the database of one zone, together.
        "az-power": Family(
            "power loss of a zone",
            parts=frozenset({"instance-loss", "network-loss", "storage-loss", "database-failover"}),
            hits=frozenset({"multi-az", "ec2", "eks", "ecs", "aurora", "rds"}),
        ),
        "instance-loss": Family("instance loss", hits=frozenset({"ec2", "eks"})),
        "storage-loss": Family("storage loss", hits=frozenset({"ebs"})),
        "network-loss": Family(
            "network loss", hits=frozenset({"ec2", "eks", "ecs", "aurora", "rds"})
        ),
        "database-failover": Family("database failover", hits=frozenset({"aurora", "rds"})),
    }
)


def words_of(family: str) -> str:
    """What people call it: "power loss of a zone"."""
    known = FAMILIES.get(family)
    return known.words if known else family.replace("-", " ")


def parts_of(family: str) -> frozenset[str]:
    """The smaller failures this one consists of."""
    known = FAMILIES.get(family)
    return known.parts if known else frozenset()


def wholes_of(family: str) -> frozenset[str]:
    """The larger failures this one is a part of."""
    return frozenset(name for name, known in FAMILIES.items() if family in known.parts)


def related(family: str) -> frozenset[str]:
    """The family, its parts, and the wholes it is a part of: what is evidence for it.

    Who withstands the loss of a zone withstands that of an instance in it; and of a zone
    there is no smaller form than the failures it is made of.
    """
    return frozenset({family}) | parts_of(family) | wholes_of(family)


def applies_to(family: str, tags: Collection[str]) -> bool:
    """Whether an application with these architecture tags can suffer it; untagged ones can."""
    known = FAMILIES.get(family)
    return known is None or not known.hits or not tags or not known.hits.isdisjoint(tags)
