"""What the imported runs of the demo measured: seeded noise around a few known shapes.

Used by demo.history. Nothing here judges: the verdicts of the imported runs come from these
readings by the same rules as those of real runs.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from exercises.domain.engine_values import Reading
from exercises.domain.steady_state import ProbeSpec

BEFORE_MIN: Final = 15
AFTER_MIN: Final = 5
STEP_S: Final = 30

# The value of a probe `minute` minutes into a fault of `outage` minutes.
Shape = Callable[[float, float], float]


def dip(usual: float, worst: float, *, begins: float = 0.0, ends: float) -> Shape:
    """At its worst when it begins, back to usual in a straight line when it ends."""

    def value(minute: float, outage: float) -> float:
        if not begins <= minute < ends:
            return usual
        return worst + (usual - worst) * (minute - begins) / (ends - begins)

    return value


def plateau(usual: float, worst: float, *, begins: float, ends: float) -> Shape:
    """At its worst for the whole time."""
    return lambda minute, outage: worst if begins <= minute < ends else usual


def until_power_returns(usual: float, worst: float, *, begins: float, after: float) -> Shape:
    """At its worst until some minutes after the end of the outage."""
    return lambda minute, outage: worst if begins <= minute < outage + after else usual


Shapes = Mapping[str, tuple[Shape, float]]

# By probe: its shape and how much it scatters.
STEADY: Final[Shapes] = {
    "delivered": (dip(99.93, 97.8, ends=1.5), 0.03),
    "clusters": (plateau(1, 1, begins=0, ends=0), 0),
    "vehicles": (dip(4_110_000, 2_780_000, ends=6), 9_000),
    "p99": (dip(182, 1_350, ends=2), 9),
    "availability": (dip(99.94, 97.2, ends=2.5), 0.03),
    "latency": (dip(210, 690, ends=4), 12),
}
SHAPES: Final[Mapping[str, Shapes]] = {
    "steady": STEADY,
    # Without a quorum the brokers that lost power form a second cluster of their own.
    "split_brain": {
        "delivered": (until_power_returns(99.93, 91.4, begins=2.5, after=1), 0.05),
        "clusters": (until_power_returns(1, 2, begins=2.5, after=1), 0),
        "vehicles": (until_power_returns(4_110_000, 3_610_000, begins=0.5, after=2), 14_000),
        "p99": (until_power_returns(182, 1_480, begins=1, after=1), 60),
    },
    "slow_to_replace": {
        "availability": (plateau(99.94, 97.6, begins=0.5, ends=9), 0.15),
        "latency": (plateau(210, 640, begins=0.5, ends=9), 25),
    },
    "slow_storage": {
        "availability": (dip(99.94, 98.2, ends=4), 0.04),
        "latency": (plateau(210, 1_260, begins=1, ends=14), 60),
    },
}
# The pre-production cluster serves a hundredth of the vehicles.
SMALL: Final = {"vehicles": 0.01}


def readings_of(
    specs: Sequence[ProbeSpec],
    *,
    behaviour: str,
    started_at: datetime,
    outage_min: float,
    lasts_min: float,
    is_production: bool,
    seed: str,
) -> dict[str, list[Reading]]:
    """Each probe's readings from before the fault to the end of the recovery."""
    noise = random.Random(seed)  # noqa: S311 - the demo must look the same on every machine
    steps = range(round(-BEFORE_MIN * 60 / STEP_S), round((lasts_min + AFTER_MIN) * 60 / STEP_S))
    readings: dict[str, list[Reading]] = {}
    for spec in specs:
        shape, scatter = SHAPES[behaviour].get(spec.key, STEADY[spec.key])
        scale = 1.0 if is_production else SMALL.get(spec.key, 1.0)
        readings[spec.key] = []
        for step in steps:
            minute = step * STEP_S / 60
            value = scale * (shape(minute, outage_min) + noise.gauss(0, 1) * scatter)
            if spec.unit == "%":
                value = min(value, 100.0)
            at = started_at + timedelta(minutes=minute)
            readings[spec.key].append(Reading(spec.key, at, round(value, 3)))
    return readings
