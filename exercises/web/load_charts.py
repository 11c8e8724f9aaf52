"""The load of a Chaos Toolkit run as charts, with the same numbers as tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.safestring import SafeString

from exercises.queries.loads import LoadShown, Points
from exercises.web import charts
from exercises.web.formats import measure

_CHARTS: Final = (
    ("requests_s", "Requests", "/s", ""),
    ("failures_s", "Failures", "/s", ""),
    ("p95_ms", "Latency, 95th percentile", "ms", "p50_ms"),
)


@dataclass(frozen=True, slots=True)
class LoadFigure:
    """One measure of a load; `note` says what the dashed line is."""

    name: str
    most: str
    note: str
    chart: SafeString
    table: SafeString


@dataclass(frozen=True, slots=True)
class LoadFigures:
    """One load with its charts."""

    name: str
    users: int
    figures: tuple[LoadFigure, ...]


def load_figures(loads: list[LoadShown]) -> list[LoadFigures]:
    """Each load with a chart of its requests, failures and latency."""
    return [
        LoadFigures(
            name=load.name,
            users=load.users,
            figures=tuple(
                _figure(load, f"load-{number}-{key}", key, words, unit, beside)
                for key, words, unit, beside in _CHARTS
            ),
        )
        for number, load in enumerate(loads)
    ]


def _figure(
    load: LoadShown, chart_id: str, key: str, words: str, unit: str, beside: str
) -> LoadFigure:
    points = load.measures[key]
    times = [at for at, _ in points]
    first, last = min([0.0, *times]), max([1.0, *times])
    title = f"{words} of {load.name}"
    most = _most(points, unit)
    return LoadFigure(
        name=words,
        most=most,
        note="The dashed line is the median." if beside else "",
        chart=charts.line_chart(
            points,
            t0=first,
            t1=last,
            title=title,
            description=f"At most {most}.",
            chart_id=chart_id,
            unit=unit,
            compare=load.measures[beside] if beside else None,
        ),
        table=charts.points_table(points, title=title, unit=unit, has_limits=False),
    )


def _most(points: Points, unit: str) -> str:
    known = [value for _, value in points if value is not None]
    return measure(max(known, default=None), unit)
