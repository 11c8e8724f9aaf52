"""Axes with round ticks: which seconds and which values get a line and a label.

Called by `exercises.web.charts` only. An axis always ends on a tick, because the labels are
spread evenly beside the drawing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from exercises.web.formats import number

_STEPS = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)


@dataclass(frozen=True)
class TimeAxis:
    """Engine seconds around the fault start, from tick to tick."""

    start: float
    end: float
    step: float

    @property
    def span(self) -> float:
        return self.end - self.start

    @property
    def ticks(self) -> list[float]:
        count = round(self.span / self.step)
        return [self.start + i * self.step for i in range(count + 1)]

    @property
    def labels(self) -> list[str]:
        """0 and +10, with the unit on the last one only, so that narrow charts stay readable."""
        size, unit = (1, "s") if self.step < 60 else (60, "min")
        texts = [f"{round(t / size):+d}" if t else "0" for t in self.ticks]
        return [*texts[:-1], f"{texts[-1]} {unit}"]


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
    """The smallest round step that needs at most so many ticks after the first one."""
    if t1 <= t0:
        raise ValueError(f"an axis ends after it starts: {t0} to {t1}")
    step: float = _STEPS[-1]
    for candidate in _STEPS:
        start, end = math.floor(t0 / candidate), math.ceil(t1 / candidate)
        if end - start <= most:
            step = candidate
            break
    else:
        step *= math.ceil((t1 - t0) / step / max(1, most - 1))
    return TimeAxis(math.floor(t0 / step) * step, math.ceil(t1 / step) * step, step)


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
