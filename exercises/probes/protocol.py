"""What a source of probe values can do. services read probes through probes.registry.

A new source is one more file that satisfies this protocol and a row in the registry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from exercises.domain.engine_values import Reading
from exercises.domain.plans import AccountAccess
from exercises.domain.steady_state import ProbeSpec


@dataclass(frozen=True, slots=True)
class ProbeRequest:
    """One probe of one run, from when on it is wanted."""

    run_id: str
    spec: ProbeSpec
    since: datetime


@dataclass(frozen=True, slots=True)
class Asking:
    """Whom to ask, up to when, and how many planned seconds a second is.

    `allowed` are the schemes, hosts and ports that probes may reach beside AWS.
    """

    access: AccountAccess
    until: datetime
    speed: float
    allowed: frozenset[str] = frozenset()

    def wall(self, planned_s: float) -> timedelta:
        return timedelta(seconds=planned_s / self.speed)


@dataclass(slots=True)
class Answers:
    """The readings of each run, oldest first. What a source did not say is not in them.

    `problems` says why, once each; `is_complete` is false when AWS itself did not answer, so
    that what is missing may still be there.
    """

    readings: dict[str, list[Reading]] = field(default_factory=dict)
    problems: dict[str, None] = field(default_factory=dict)
    is_complete: bool = True

    def add(self, run_id: str, readings: Sequence[Reading]) -> None:
        self.readings.setdefault(run_id, []).extend(readings)


class Source(Protocol):
    """One kind of probe.

    Bounded in time and size by itself. Says nothing rather than something it does not know:
    silence is judged as outside after a minute.
    """

    def read(self, asking: Asking, requests: Sequence[ProbeRequest]) -> Answers:
        """Everything since each request's `since` that this source can still say.

        Raises EngineError when AWS does not answer.
        """
