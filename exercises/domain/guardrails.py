"""Guardrails: when a measurement ends a run by itself, whatever its hypothesis allows.

A probe's own limits say what the hypothesis claims. Its stop limits say what nobody wants to
see go on. services.observe asks after each round of readings.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from exercises.domain.engine_values import Reading
from exercises.domain.steady_state import MISSING_AFTER_S, ProbeSpec, format_value


def reason_to_stop(
    spec: ProbeSpec,
    readings: Sequence[Reading],
    *,
    since: datetime,
    now: datetime,
    speed: float,
) -> str | None:
    """Why this probe ends the run, in words; None while it does not.

    `readings` are in time order. It ends the run when the last `stop_after` readings since
    `since` are all beyond the stop limit, or when it has said nothing for MISSING_AFTER_S
    planned seconds (two of its periods at least): nobody can say that all is well then.
    """
    if not spec.has_stop_limit:
        return None
    known = [(r.at, r.value) for r in readings if r.value is not None and r.at >= since]
    heard = known[-1][0] if known else since
    silence = timedelta(seconds=max(MISSING_AFTER_S, 2 * spec.period_s) / speed)
    if now - heard > silence:
        return f"{spec.name} says nothing any more"
    last = [value for _, value in known[-spec.stop_after :]]
    if len(last) < spec.stop_after or not all(_is_beyond(spec, value) for value in last):
        return None
    return f"{spec.name} is at {format_value(spec, last[-1])}, beyond its stop limit"


def _is_beyond(spec: ProbeSpec, value: float) -> bool:
    below = spec.stop_low is not None and value < spec.stop_low
    return below or (spec.stop_high is not None and value > spec.stop_high)
