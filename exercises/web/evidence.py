"""Evidence as figures: each fallen probe as a chart, with the same numbers as a table."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.safestring import SafeString

from exercises.domain.steady_state import format_value, limit_words
from exercises.queries.evidence import Evidence
from exercises.web import charts
from exercises.web.formats import duration, stamp


@dataclass(frozen=True, slots=True)
class Figure:
    """One chart with its caption; `facts` is what the chart says, in words."""

    name: str
    limit: str
    worst: str
    outside: str
    chart: SafeString
    table: SafeString
    came_as: str


def figure(evidence: Evidence, *, chart_id: str, zone: str) -> Figure:
    """Draw one probe of one run."""
    spec, (t0, t1) = evidence.spec, evidence.span
    worst = format_value(spec, evidence.worst)
    outside = duration(evidence.outside_s)
    started_at = evidence.run.started_at or evidence.run.scheduled_at
    title = f"{spec.name} on {stamp(started_at, zone)}"
    limits = {"low": spec.low, "high": spec.high, "unit": spec.unit}
    return Figure(
        name=spec.name,
        limit=limit_words(spec),
        came_as=evidence.came_as,
        worst=worst,
        outside=outside,
        chart=charts.line_chart(
            evidence.points,
            t0=t0,
            t1=max(t1, t0 + 1),
            fault=evidence.fault,
            title=title,
            description=f"Expected {limit_words(spec)}. At worst {worst}, outside for {outside}.",
            chart_id=chart_id,
            **limits,  # type: ignore[arg-type]
        ),
        table=charts.points_table(evidence.points, title=title, **limits),  # type: ignore[arg-type]
    )
