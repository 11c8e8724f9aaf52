"""What an application published, by engine time: so that a test can ask for a moment."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Mapping
from typing import Final

KEPT: Final = 1500
"""Moments; six engine hours and a little."""

Values = Mapping[str, Mapping[str, float]]
"""Metrics by the value of their dimension: a cluster, a function."""


class Past:
    """The last moments, oldest first."""

    def __init__(self) -> None:
        self._moments: deque[tuple[float, Values]] = deque(maxlen=KEPT)

    def add(self, at: float, values: Values) -> None:
        self._moments.append((at, values))

    def at(self, moment: float) -> tuple[float, Values] | None:
        """What was published last at a moment, and when; None before the first."""
        moments = list(self._moments)
        place = bisect_right([at for at, _ in moments], moment)
        return moments[place - 1] if place else None
