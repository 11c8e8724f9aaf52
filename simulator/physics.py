"""What is wrong with the simulated hardware and cannot be seen in any describe call.

FIS effects write it, worlds and the launch check read it. moto knows instances and volumes,
but not that an Availability Zone has no capacity or that a volume does not answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Shortage:
    """No capacity for launches in some zones of an account, for whoever it is aimed at."""

    account: str
    zones: frozenset[str]
    percentage: int
    aimed_at: frozenset[str]


@dataclass
class Fault:
    """An action of FIS that acts on one resource in a way that only its owner can feel."""

    action: str
    arn: str
    parameters: Mapping[str, str]
    since: float
    is_felt: bool = False


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod of Kubernetes, which no AWS API shows."""

    account: str
    cluster_arn: str
    namespace: str
    name: str
    deployment: str
    labels: frozenset[str]
    """Each as key=value."""
    zone: str

    @property
    def arn(self) -> str:
        """Its name over all clusters."""
        return f"{self.cluster_arn}/{self.namespace}/{self.name}"


@dataclass
class Physics:
    """Shortages and faults by effect, pods, paused volumes, and instances that are rebooting."""

    shortages: dict[str, Shortage] = field(default_factory=dict)
    paused_volumes: set[str] = field(default_factory=set)
    rebooting_until: dict[str, float] = field(default_factory=dict)
    faults: dict[str, Fault] = field(default_factory=dict)
    pods: dict[str, Pod] = field(default_factory=dict)
    """By their ARN: whoever runs pods puts them here, and notices when one is gone."""

    def feel(self, arn: str, *actions: str) -> Iterator[Fault]:
        """The faults of these actions on a resource, oldest first; whoever asks is hurt by them."""
        for fault in sorted(self.faults.values(), key=lambda each: each.since):
            if fault.arn == arn and fault.action in actions:
                fault.is_felt = True
                yield fault

    def has_capacity(self, account: str, zone: str, launcher: str | None = None) -> bool:
        """Whether an instance can start in a zone; a launcher is a role or group ARN."""
        return not any(
            shortage.account == account
            and zone in shortage.zones
            and (launcher is None or launcher in shortage.aimed_at)
            for shortage in list(self.shortages.values())
        )

    def is_up(self, instance_id: str, now: float) -> bool:
        """Whether a running instance answers, which it does not while it reboots."""
        return now >= self.rebooting_until.get(instance_id, 0.0)
