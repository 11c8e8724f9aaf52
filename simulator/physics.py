"""What is wrong with the simulated hardware and cannot be seen in any describe call.

FIS effects write it, worlds and the launch check read it. moto knows instances and volumes,
but not that an Availability Zone has no capacity or that a volume does not answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Shortage:
    """No capacity for launches in some zones of an account, for whoever it is aimed at."""

    account: str
    zones: frozenset[str]
    percentage: int
    aimed_at: frozenset[str]


@dataclass
class Physics:
    """Shortages by effect, paused volumes and instances that are rebooting."""

    shortages: dict[str, Shortage] = field(default_factory=dict)
    paused_volumes: set[str] = field(default_factory=set)
    rebooting_until: dict[str, float] = field(default_factory=dict)

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
