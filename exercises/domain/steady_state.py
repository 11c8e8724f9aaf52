"""Steady state: the probes of an experiment, their limits, and how a value is read.

A probe is what the hypothesis is measured by. Experiments keep them as JSON; services,
pages and the verdict all read them here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from exercises.domain.errors import Invalid
from exercises.domain.probe_sources import JUDGEMENT, source_problems

MISSING_AFTER_S: Final = 60
"""Planned seconds without data after which a probe counts as outside."""

BASELINE_S: Final = 600
"""Planned seconds of steady state shown and judged from before the fault."""

SETTLE_S: Final = 300
"""Planned seconds of recovery that are measured after the end, before the verdict."""

MILLION: Final = 1_000_000
MAX_PROBES: Final = 12
_KEY: Final = re.compile(r"[a-z][a-z0-9_-]{0,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeSpec:
    """One measurement and its limits, inclusive, in the unit shown.

    `kind` says where its values come from; which fields belong to it stands in
    domain.probe_sources, and the fields of other kinds are empty.

    `scale` multiplies what the source says to get that unit. `grace_s` is how long, in
    planned seconds, it may be outside without the hypothesis falling.

    `stop_low` and `stop_high` lie further out: beyond them for `stop_after` readings in a
    row the run is stopped (domain.guardrails). Both None means that it never is.
    """

    key: str
    name: str
    kind: str
    unit: str
    is_business: bool
    namespace: str = ""
    metric: str = ""
    dimensions: Mapping[str, str] = field(default_factory=dict)
    stat: str = ""
    expression: str = ""
    metrics: Sequence[Mapping[str, Any]] = ()
    """Of an expression: `id`, `namespace`, `metric`, `dimensions` and `stat` of each."""
    alarm: str = ""
    url: str = ""
    reads: str = "status"
    pointer: str = ""
    query: str = ""
    period_s: int
    low: float | None
    high: float | None
    grace_s: int
    decimals: int = 0
    scale: float = 1.0
    stop_low: float | None = None
    stop_high: float | None = None
    stop_after: int = 3

    @property
    def has_stop_limit(self) -> bool:
        return self.stop_low is not None or self.stop_high is not None


_FIELDS: Final = frozenset(ProbeSpec.__dataclass_fields__)


def baseline_s(spec: ProbeSpec) -> int:
    """Planned seconds before the fault that a probe is judged by: two periods at least."""
    return max(BASELINE_S, 2 * spec.period_s)


def is_inside(spec: ProbeSpec, value: float | None) -> bool:
    """Missing is never inside."""
    if value is None or not math.isfinite(value):
        return False
    return (spec.low is None or value >= spec.low) and (spec.high is None or value <= spec.high)


def format_value(spec: ProbeSpec, value: float | None) -> str:
    """A value as people read it: "99.82 %", "1", "1,240 ms", "3.61 M vehicles", "no data"."""
    if value is None:
        return "no data"
    if spec.kind == JUDGEMENT:
        return "steady" if is_inside(spec, value) else "not steady"
    number = f"{value:,.{spec.decimals}f}"
    if abs(value) >= MILLION:
        number = f"{value / MILLION:,.2f} M"
    return f"{number} {spec.unit}" if spec.unit else number


def limit_words(spec: ProbeSpec) -> str:
    """The limits as people read them: "at least 99.5 %", "exactly 1"."""
    if spec.kind == JUDGEMENT:
        return "steady"
    low, high = (None if bound is None else _bound(spec, bound) for bound in (spec.low, spec.high))
    if low is not None and low == high:
        return f"exactly {low}"
    if low is not None and high is not None:
        return f"{low} to {high}"
    return f"at least {low}" if low is not None else f"at most {high}"


def stop_words(spec: ProbeSpec) -> str:
    """When the probe stops its run: "below 90 % for 3 samples"; empty when it never does."""
    if not spec.has_stop_limit:
        return ""
    sides = (("below", spec.stop_low), ("above", spec.stop_high))
    where = " or ".join(f"{word} {_bound(spec, at)}" for word, at in sides if at is not None)
    return f"{where} for {spec.stop_after} sample{'s' if spec.stop_after > 1 else ''}"


def _bound(spec: ProbeSpec, bound: float) -> str:
    number = f"{bound:,.{spec.decimals}f}"
    if abs(bound) >= MILLION and bound % 10_000 == 0:
        number = f"{bound / MILLION:,g} M"
    elif float(number.replace(",", "")) != bound:
        number = f"{bound:,g}"
    elif "." in number:
        number = number.rstrip("0").rstrip(".")
    return f"{number} {spec.unit}" if spec.unit else number


def probes_from_json(rows: object) -> tuple[ProbeSpec, ...]:
    """Read probes. Raises Invalid that names every field at fault: `steady_state[0].low`."""
    if not isinstance(rows, list | tuple):
        raise Invalid("steady_state", "must be a list of probes")
    if len(rows) > MAX_PROBES:
        raise Invalid("steady_state", f"at most {MAX_PROBES} probes")
    problems: list[tuple[str, str]] = []
    specs: list[ProbeSpec] = []
    for index, row in enumerate(rows):
        place = f"steady_state[{index}]"
        if not isinstance(row, Mapping):
            problems.append((place, "must be an object"))
            continue
        found = [(f"{place}.{name}", text) for name, text in _problems(row)]
        if any(row.get("key") == spec.key for spec in specs):
            found.append((f"{place}.key", f"{row.get('key')!r} is used twice"))
        problems += found
        if not found:
            specs.append(_spec(row))
    if problems:
        raise Invalid.of(problems)
    return tuple(specs)


def _spec(row: Mapping[str, object]) -> ProbeSpec:
    values = {name: row[name] for name in row if name in _FIELDS}
    values.setdefault("is_business", False)
    values.setdefault("unit", "")
    values.setdefault("dimensions", {})
    values.setdefault("low", None)
    values.setdefault("high", None)
    return ProbeSpec(**values)  # type: ignore[arg-type]


def _problems(row: Mapping[str, object]) -> list[tuple[str, str]]:
    found = [(name, "is not known") for name in row if name not in _FIELDS]
    if not (isinstance(row.get("key"), str) and _KEY.fullmatch(str(row["key"]))):
        found.append(("key", "lower-case letters, digits, - and _, starting with a letter"))
    name = row.get("name")
    if not isinstance(name, str) or not name.strip() or len(name) > 80:
        found.append(("name", "1 to 80 characters"))
    if not isinstance(row.get("unit", ""), str) or len(str(row.get("unit", ""))) > 12:
        found.append(("unit", "at most 12 characters"))
    if not isinstance(row.get("is_business", False), bool):
        found.append(("is_business", "must be true or false"))
    return found + source_problems(row) + _number_problems(row) + _bound_problems(row)


def _number_problems(row: Mapping[str, object]) -> list[tuple[str, str]]:
    found = []
    for name, least, most, default in (
        ("period_s", 10, 3600, 0),
        ("grace_s", 0, 3600, 0),
        ("decimals", 0, 6, 0),
        ("stop_after", 1, 20, 3),
    ):
        value = row.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            found.append((name, f"a whole number from {least:,} to {most:,}"))
    scale = row.get("scale", 1)
    if not _is_number(scale) or scale == 0:
        found.append(("scale", "a number other than 0"))
    return found


def _bound_problems(row: Mapping[str, object]) -> list[tuple[str, str]]:
    low, high = row.get("low"), row.get("high")
    found = [
        (name, "must be a number")
        for name, bound in (("low", low), ("high", high))
        if bound is not None and not _is_number(bound)
    ]
    found += _stop_limit_problems(row)
    if found:
        return found
    if low is None and high is None:
        return [("low", "set a lower or an upper limit: without one nothing can be outside")]
    if low is not None and high is not None and low > high:  # type: ignore[operator]
        return [("low", "must not be above the upper limit")]
    return []


def _stop_limit_problems(row: Mapping[str, object]) -> list[tuple[str, str]]:
    found = []
    for name, limit, further in (("stop_low", "low", -1), ("stop_high", "high", 1)):
        stop, own = row.get(name), row.get(limit)
        if stop is None:
            continue
        if not _is_number(stop):
            found.append((name, "must be a number"))
        elif _is_number(own) and (stop - own) * further < 0:  # type: ignore[operator]
            found.append((name, "must not lie inside the limits of the hypothesis"))
    return found


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value)
