"""What a source of probe values can do. services.observe reads probes through this."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
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


class ProbeSource(Protocol):
    """`speed` is how many planned seconds pass in one second (1 on real AWS)."""

    def read_many(
        self,
        access: AccountAccess,
        requests: Sequence[ProbeRequest],
        *,
        until: datetime,
        speed: float,
    ) -> Mapping[str, list[Reading]]:
        """The readings of each run since it was last read, oldest first."""

    def newest_readings(
        self,
        access: AccountAccess,
        specs: Sequence[ProbeSpec],
        *,
        until: datetime,
        speed: float,
    ) -> Mapping[str, Reading | None]:
        """The newest reading of each probe by its key; None for a silent probe."""
