"""Axes with round ticks: which seconds and which values get a line and a label.

Called by `exercises.web.charts` only. A time axis ends where the plan ends, with round ticks
inside; a value axis always ends on a tick, because its labels are spread evenly beside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from exercises.web.formats import number

_STEPS = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)


@dataclass(frozen=True)
class TimeAxis:
    """Engine seconds around the fault start, with a tick every `step` from that start."""

    start: float
    end: float
    step: float

    @property
    def span(self) -> float:
        return self.end - self.start

    @property
    def ticks(self) -> list[float]:
        first, last = math.ceil(self.start / self.step), math.floor(self.end / self.step)
        return [i * self.step for i in range(first, last + 1)]

    @property
    def labels(self) -> list[str]:
        """0 and +10, with the unit on the last one only, so that narrow charts stay readable."""
        size, unit = (1, "s") if self.step < 60 else (60, "min")
        texts = [f"{round(t / size):+d}" if t else "0" for t in self.ticks]
        return [*texts[:-1], f"{texts[-1]} {unit}"] if texts else []

    def share(self, seconds: float) -> float:
        """Where an instant lies, from 0 to 1; what is beyond the axis lies at its edge."""
        return (min(self.end, max(self.start, seconds)) - self.start) / self.span


@dataclass(frozen=True)
class ValueAxis:
    bottom: float
    top: float
    step: float

    @property
    def span(self) -> float:
        return self.top - self.bottom

    @property
    def ticks(self) -> list[float]:
        count = round(self.span / self.step)
        return [self.bottom + i * self.step for i in range(count + 1)]

    @property
    def labels(self) -> list[str]:
        decimals = max(0, -math.floor(math.log10(self.step) + 1e-9))
        if decimals < 3 and abs(self.top) >= 10_000:
            return [number(tick) for tick in self.ticks]
        return [f"{tick:,.{decimals}f}" for tick in self.ticks]


def time_axis(t0: float, t1: float, *, most: int) -> TimeAxis:
    """The smallest round step with at most so many steps from one end to the other."""
    if t1 <= t0:
        raise ValueError(f"an axis ends after it starts: {t0} to {t1}")
    for step in _STEPS:
        if (t1 - t0) / step <= most:
            return TimeAxis(t0, t1, step)
    return TimeAxis(t0, t1, _STEPS[-1] * math.ceil((t1 - t0) / _STEPS[-1] / most))


def value_axis(
    values: Sequence[float], low: float | None, high: float | None, *, unit: str = ""
) -> ValueAxis:
    """Round values around everything measured and the limits, with air above and below."""
    shown = [*values, *(limit for limit in (low, high) if limit is not None)]
    if not shown:
        return ValueAxis(0, 1, 0.5)
    least, most = min(shown), max(shown)
    if least == most:
        least, most = least - (abs(least) or 1), most + (abs(most) or 1)
    step = _round_up((most - least) / 4)
    if all(float(value).is_integer() for value in shown):
        step = max(1, step)
    bottom, top = math.floor(least / step + 1e-9) * step, math.ceil(most / step - 1e-9) * step
    ceiling = 100 if unit == "%" and max(shown) <= 100 else math.inf
    floor = 0 if min(shown) >= 0 else -math.inf
    if top == max(shown):
        top += step
    if bottom == min(shown):
        bottom -= step
    return ValueAxis(max(floor, bottom), min(ceiling, top), step)


def _round_up(size: float) -> float:
    """The next of 1, 2, 5 or 10 times a power of ten."""
    power: float = 10.0 ** math.floor(math.log10(size))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= size - 1e-12 * power)
