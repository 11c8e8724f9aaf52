"""Waves of a run sheet. A slot counts from the start of its wave, not from Go: the first wave
starts at Go, every other when the lead continues after the hold point before it. So a wait at
a hold point moves the wave after it as a whole and changes nothing that was approved.

On paper, before anybody waited, a wave starts when the one before it has ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

MOST_WAVES: Final = 20


def planned_starts(slots: Iterable[tuple[int, int]]) -> Mapping[int, int]:
    """When each wave starts, in planned seconds from Go, from (wave, end within its wave)."""
    lasts: dict[int, int] = {}
    for wave, ends_s in slots:
        lasts[wave] = max(lasts.get(wave, 0), ends_s)
    starts, at = {}, 0
    for wave in sorted(lasts):
        starts[wave] = at
        at += lasts[wave]
    return starts
