"""Whether a steady state can be left at all: probes that prove nothing, with the rule of each.

Called by queries.lint and by what checks a deployment's own probes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from exercises.domain.lint_rules import Problem
from exercises.domain.metric_math import goes_on, is_constant, read_expression, when_silent
from exercises.domain.probe_sources import ALARM, HTTP, JUDGEMENT
from exercises.domain.steady_state import ProbeSpec, format_value, is_inside, limit_words

COUNTED: Final = frozenset({"Sum", "SampleCount"})
"""Statistics of things that are counted: never below zero."""


def lint_probes(probes: Sequence[ProbeSpec], *, lasts_s: int | None = None) -> list[Problem]:
    """What is wrong with these probes; `lasts_s` is how long the fault lasts, where known."""
    found = []
    if len(probes) < 2 or not any(probe.is_business for probe in probes):
        said = "two probes at least, one of them a business metric"
        found.append(Problem("steady_state", said, "STEADY-001"))
    for index, probe in enumerate(probes):
        place = f"steady_state[{index}]"
        if not can_fail(probe):
            said = f"{probe.name} is {limit_words(probe)} whatever happens"
            found.append(Problem(f"{place}.low", said, "STEADY-002"))
        if probe.expression:
            found += _lint_expression(probe, f"{place}.expression")
        if lasts_s and probe.period_s > lasts_s:
            said = f"{probe.name} is read every {probe.period_s} s, the fault lasts {lasts_s} s"
            found.append(Problem(f"{place}.period_s", said, "STEADY-004"))
    if probes and all(is_inside(probe, 0.0) for probe in probes):
        nothing = format_value(probes[0], 0.0)
        said = f"every probe holds at zero: {probes[0].name} may be {nothing}"
        found.append(Problem("steady_state", said, "STEADY-003"))
    return found


def can_fail(probe: ProbeSpec) -> bool:
    """Whether any value that there can be lies outside its limits."""
    least, most = _range(probe)
    below = probe.low is not None and (least is None or probe.low > least)
    above = probe.high is not None and (most is None or probe.high < most)
    return below or above


def _lint_expression(probe: ProbeSpec, field: str) -> list[Problem]:
    found = read_expression(probe.expression, [metric["id"] for metric in probe.metrics])
    if is_constant(found):
        said = f"{probe.name} says the same whatever happens: {probe.expression}"
        return [Problem(field, said, "STEADY-005")]
    if goes_on(found):
        said = f"{probe.name} goes on with values of before when a metric falls silent"
        return [Problem(field, said, "STEADY-006")]
    value = when_silent(found)
    if value is None or not is_inside(probe, value * probe.scale):
        return []
    shown = format_value(probe, value * probe.scale)
    said = f"{probe.name} is {shown}, inside its limits, when its metrics fall silent"
    return [Problem(field, said, "STEADY-006")]


def _range(probe: ProbeSpec) -> tuple[float | None, float | None]:
    """The least and the most that a probe can say, where that is certain."""
    if probe.scale > 0 and probe.kind == ALARM:
        return 0.0, probe.scale
    if probe.scale > 0 and probe.kind == HTTP and probe.reads == "status":
        return 100 * probe.scale, 599 * probe.scale
    if probe.kind == JUDGEMENT:
        return 0.0, 1.0
    if probe.unit == "%":
        return 0.0, 100.0
    is_counted = probe.stat in COUNTED or probe.reads == "latency_ms"
    return (0.0 if is_counted and probe.scale > 0 else None), None
