"""The rows of "How do we know it still works?": one probe a row, all of it in the form.

The whole probe travels with the form, so rows are added and removed without a script.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

from exercises.domain.probe_sources import (
    ALARM,
    CLOUDWATCH,
    FIELDS,
    HTTP,
    JUDGEMENT,
    METRIC_MATH,
    PROMETHEUS,
    READS,
)
from exercises.domain.probe_sources import STATS as PLAIN_STATS
from exercises.web.numbers import whole

Problems = list[tuple[str, str]]

MINUTE_S: Final = 60
STOP_AFTER: Final = 3
STATS: Final = (*PLAIN_STATS, "p50", "p90", "p95", "p99")
KINDS: Final = (
    (CLOUDWATCH, "CloudWatch metric"),
    (METRIC_MATH, "CloudWatch metric math"),
    (ALARM, "CloudWatch alarm, 1 in alarm"),
    (HTTP, "HTTP"),
    (PROMETHEUS, "Prometheus"),
    (JUDGEMENT, "A person's judgement"),
)
_SOURCE_FIELDS: Final = frozenset({"kind"}).union(*FIELDS.values())
READINGS: Final = tuple(
    zip(READS, ("Status", "Time to answer, ms", "Number in its JSON"), strict=True)
)


METRIC_COLUMNS: Final = ("id", "namespace", "metric", "stat")
"""What a line says of a metric of an expression, before its dimensions."""


@dataclass(frozen=True)
class ProbeRow:
    """One probe as typed. `low` and `high` empty mean no limit on that side.

    So do `stop_low` and `stop_high`; `stop_after` counts only with one of them.
    """

    index: int
    key: str = ""
    kind: str = CLOUDWATCH
    name: str = ""
    unit: str = ""
    is_business: str = ""
    namespace: str = ""
    metric: str = ""
    dimensions: str = ""
    stat: str = "Average"
    expression: str = ""
    metrics: str = ""
    alarm: str = ""
    url: str = ""
    reads: str = READS[0]
    pointer: str = ""
    query: str = ""
    period_s: str = str(MINUTE_S)
    low: str = ""
    high: str = ""
    grace_s: str = "0"
    stop_low: str = ""
    stop_high: str = ""
    stop_after: str = "3"
    decimals: str = "0"
    scale: str = "1"
    problems: Mapping[str, list[str]] = field(default_factory=dict)

    @property
    def prefix(self) -> str:
        return f"probe-{self.index}-"

    @property
    def source(self) -> str:
        """Where its values come from, in a few words; empty for a new row."""
        names = {
            CLOUDWATCH: self.metric,
            METRIC_MATH: self.expression,
            ALARM: self.alarm.rpartition(":")[2],
            HTTP: self.url,
            JUDGEMENT: "said in the live room",
        }
        return names.get(self.kind, self.query).strip()[:60]

    @property
    def kinds(self) -> tuple[tuple[str, str], ...]:
        return KINDS

    @property
    def readings(self) -> tuple[tuple[str, str], ...]:
        return READINGS

    @property
    def is_source_wrong(self) -> bool:
        """Whether a problem lies in what the details hold."""
        return any(re.split(r"[.\[]", name)[0] in _SOURCE_FIELDS for name in self.problems)

    @property
    def has_stop_limit(self) -> bool:
        return bool(self.stop_low.strip() or self.stop_high.strip())


TEXTS: Final = tuple(f.name for f in fields(ProbeRow) if f.name not in {"index", "problems"})


_UNSAID: Final = {"kind": CLOUDWATCH, "reads": READS[0]}
"""What a form means that knows only metrics."""


def rows_from(data: Mapping[str, str], *, most: int) -> tuple[ProbeRow, ...]:
    """The posted rows in order, numbered anew without gaps."""
    numbers = sorted(
        {int(m[1]) for name in data if (m := re.fullmatch(r"probe-(\d{1,3})-name", name))}
    )[:most]
    return tuple(
        _row(
            index,
            {name: data.get(f"probe-{number}-{name}", _UNSAID.get(name, "")) for name in TEXTS},
        )
        for index, number in enumerate(numbers)
    )


def row_of(index: int, probe: Mapping[str, object]) -> ProbeRow:
    """A stored probe as a row."""
    texts = {name: str(probe[name]) for name in TEXTS if probe.get(name) is not None}
    texts["dimensions"] = _pairs(probe.get("dimensions"))
    metrics = probe.get("metrics")
    texts["metrics"] = "\n".join(map(_line, metrics)) if isinstance(metrics, list | tuple) else ""
    texts["is_business"] = "on" if probe.get("is_business") else ""
    return _row(index, texts)


def _pairs(dimensions: object) -> str:
    if not isinstance(dimensions, Mapping):
        return ""
    return ", ".join(f"{name}={value}" for name, value in dimensions.items())


def _line(metric: Mapping[str, object]) -> str:
    """A metric of an expression as one line of its control."""
    said = [str(metric.get(name, "")) for name in METRIC_COLUMNS]
    return " | ".join(filter(None, [*said, _pairs(metric.get("dimensions"))]))


def _row(index: int, texts: Mapping[str, str]) -> ProbeRow:
    values: dict[str, Any] = dict(texts)
    return replace(ProbeRow(index), **values)


def renumbered(rows: Sequence[ProbeRow], *, without: int | None = None) -> tuple[ProbeRow, ...]:
    """The rows that stay, numbered from nought."""
    kept = [row for row in rows if row.index != without]
    return tuple(replace(row, index=index, problems={}) for index, row in enumerate(kept))


def read_row(row: ProbeRow, problems: Problems) -> dict[str, object]:
    """The probe of a row; what cannot be read is added to `problems`."""
    where = f"steady_state[{row.index}]"
    probe: dict[str, object] = {
        "kind": row.kind.strip(),
        "key": row.key.strip() or _key(row.name),
        "name": row.name.strip(),
        "unit": row.unit.strip(),
        "is_business": bool(row.is_business),
        **_source(row, where, problems),
    }
    for name in ("low", "high"):
        text = getattr(row, name).strip()
        probe[name] = _number(text, f"{where}.{name}", problems) if text else None
    if row.kind.strip() == JUDGEMENT and probe["low"] is None:
        probe["low"] = 1
    for name, default in (("period_s", MINUTE_S), ("grace_s", 0), ("decimals", 0)):
        text = getattr(row, name).strip()
        probe[name] = _whole(text, f"{where}.{name}", problems) if text else default
    if row.scale.strip() not in {"", "1", "1.0"}:
        probe["scale"] = _number(row.scale, f"{where}.scale", problems)
    return probe | _stop_limit(row, where, problems)


def _source(row: ProbeRow, where: str, problems: Problems) -> dict[str, object]:
    """The fields of its kind; what stands in those of another kind is not part of the probe."""
    own = FIELDS.get(row.kind.strip(), frozenset())
    if "dimensions" in own:
        return {
            "namespace": row.namespace.strip(),
            "metric": row.metric.strip(),
            "dimensions": _dimensions(row.dimensions, f"{where}.dimensions", problems),
            "stat": row.stat.strip(),
        }
    found: dict[str, object] = {name: getattr(row, name).strip() for name in sorted(own)}
    if "metrics" in own:
        found["metrics"] = _metrics(row.metrics, f"{where}.metrics", problems)
    if found.get("reads", "json") != "json":  # the control keeps what was typed before
        found["pointer"] = ""
    return found


def _stop_limit(row: ProbeRow, where: str, problems: Problems) -> dict[str, object]:
    if not row.has_stop_limit:
        return {}
    limit: dict[str, object] = {}
    for name in ("stop_low", "stop_high"):
        text = getattr(row, name).strip()
        limit[name] = _number(text, f"{where}.{name}", problems) if text else None
    after = row.stop_after.strip()
    limit["stop_after"] = _whole(after, f"{where}.stop_after", problems) if after else STOP_AFTER
    return limit


def rows_to_json(probes: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
    """The probes with keys that differ, as the steady state of a draft."""
    taken: set[str] = set()
    found = []
    for probe in probes:
        key, base, number = str(probe["key"]), str(probe["key"]), 2
        while key in taken:
            key, number = f"{base}-{number}", number + 1
        taken.add(key)
        found.append({**probe, "key": key})
    return found


def _key(name: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return (plain if plain[:1].isalpha() else f"probe-{plain}")[:36].strip("-")


def _dimensions(text: str, where: str, problems: Problems) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, sign, value = part.partition("=")
        if not (sign and name.strip() and value.strip()):
            problems.append((where, "pairs such as Cluster=mqtt-broker, parted by commas"))
            return {}
        found[name.strip()] = value.strip()
    return found


def _metrics(text: str, where: str, problems: Problems) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for number, line in enumerate(filter(None, map(str.strip, text.splitlines())), start=1):
        parts = [part.strip() for part in line.split("|")]
        if not len(METRIC_COLUMNS) <= len(parts) <= len(METRIC_COLUMNS) + 1:
            said = "id | namespace | metric | statistic | dimensions, the last may be missing"
            problems.append((where, f"line {number}: {said}"))
            continue
        *columns, pairs = [*parts, ""][: len(METRIC_COLUMNS) + 1]
        dimensions = _dimensions(pairs, where, problems)
        found.append({**dict(zip(METRIC_COLUMNS, columns, strict=True)), "dimensions": dimensions})
    return found


def _number(text: str, where: str, problems: Problems) -> float | int:
    try:
        number = float(text.replace(",", ""))
    except ValueError:
        problems.append((where, "a number, such as 99.5"))
        return 0
    if number != number or number in (float("inf"), float("-inf")):
        problems.append((where, "a finite number, such as 99.5"))
        return 0
    return int(number) if number.is_integer() else number


def _whole(text: str, where: str, problems: Problems) -> int:
    number = whole(text, digits=6)
    if number is None:
        problems.append((where, "a whole number, 0 or more"))
    return number or 0
