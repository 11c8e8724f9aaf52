"""How long what is kept: classes of data, each with its days. Pure.

services.retention removes by these; the command and the operators' page say them. Decisions,
approved plans, verdicts, event logs, findings and the audit trail are in no class: they stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final


class Kept(StrEnum):
    """What can be removed once it is old enough."""

    SAMPLES = "samples"
    DOCUMENTS = "documents"
    NOTICES = "notices"
    WEBHOOKS = "webhooks"

    @property
    def words(self) -> str:
        return _WORDS[self]


_WORDS: Final = {
    Kept.SAMPLES: "measurements of runs in closed exercises",
    Kept.DOCUMENTS: "what the engine said of such runs at their end",
    Kept.NOTICES: "who was told what, and how it was delivered",
    Kept.WEBHOOKS: "what was sent to webhooks, and how it was answered",
}


@dataclass(frozen=True, slots=True)
class Expired:
    """A class with the moment before which it is removed, and how many rows that is."""

    kept: Kept
    before: datetime
    rows: int


def limits(days: Mapping[Kept, float], now: datetime) -> dict[Kept, datetime]:
    """Before when each class is removed; a class that is kept for ever (0 days) is left out."""
    return {kept: now - timedelta(days=count) for kept, count in days.items() if count}
