"""The pieces of the live room, rendered once for everyone who looks at the same thing.

The page includes the same templates that the stream sends, so a reload and a push cannot
disagree. A piece holds no form, no token and nothing of a person: its buttons belong to forms
that stand outside of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from exercises.queries.action_timeline import ActionRow
from exercises.queries.live_room import Room, RoomView
from exercises.queries.live_strip import UNDER_WAY
from exercises.queries.room_detail import ProbeChart, RoomDetail
from exercises.web import charts, formats
from exercises.web.charts import Bar
from exercises.web.looks import PHASES

PIECES: Final = (
    "live-word",
    "strip-sub",
    "elapsed",
    "fault-left",
    "people",
    "fresh",
    "fresh-s",
    "stop-slot",
    "stop-bar",
    "stop-all-h",
    "stop-all-lines",
    "stop-all-go",
    "stop-progress",
    "hold",
    "exp-counts",
    "poll-line",
)
# What a room without an experiment has no place for.
DETAIL_PIECES: Final = ("d-state", "actions", "charts", "chain", "targets", "alarms")
ROW_PIECES: Final = ("state", "steady", "progress", "acts")


@dataclass(frozen=True)
class DrawnRow:
    row: ActionRow
    bar: SafeString


@dataclass(frozen=True)
class DrawnChart:
    chart: ProbeChart
    value: str
    limit: str
    drawing: SafeString


def query_of(view: RoomView, /, **changes: str) -> str:
    """The query string that asks for this view of the room, with some of it changed."""
    asked: dict[str, str] = {}
    if view.run_id:
        asked["run"] = str(view.run_id)
    elif view.experiment_id:
        asked["experiment"] = str(view.experiment_id)
    if view.notes_only:
        asked["log"] = "notes"
    if view.as_table:
        asked["view"] = "table"
    return urlencode({name: value for name, value in (asked | changes).items() if value})


def pinned(view: RoomView, room: Room) -> RoomView:
    """The view with its experiment named, so that what is pushed is of the one on the page,
    also when another would be chosen by then."""
    if view.run_id or room.detail is None:
        return view
    return replace(view, experiment_id=room.detail.experiment.pk)


def room_context(room: Room, view: RoomView, *, people: int | None) -> dict[str, object]:
    """What the templates of the room take, with everything drawn; `people` may be unknown."""
    detail = room.detail
    timeline = detail.timeline if detail else None
    shown = pinned(view, room)
    return {
        "room": room,
        "view": view,
        "people": people,
        "stop_lines": [row for row in room.rows if row.state in UNDER_WAY],
        "exercise": room.exercise,
        "phase_words": PHASES[room.exercise.phase].words,
        "tz": room.exercise.timezone,
        "detail": detail,
        "timeline": timeline,
        "stop_all_url": reverse("stop_exercise", args=[room.exercise.slug]),
        "axis": charts.gantt_axis(timeline.t0, timeline.t1) if timeline else "",
        "action_rows": _drawn_rows(detail) if detail else [],
        "charts": _drawn_charts(detail, as_table=view.as_table) if detail else [],
        "links": {
            "all": query_of(shown, log=""),
            "notes": query_of(shown, log="notes"),
            "charts": query_of(shown, view=""),
            "table": query_of(shown, view="table"),
            "here": query_of(shown),
        },
    }


def pieces(room: Room, view: RoomView, *, people: int | None = None) -> Iterator[tuple[str, str]]:
    """Every piece as (id of its place on the page, HTML)."""
    context = room_context(room, view, people=people)
    for name in (*PIECES, *(DETAIL_PIECES if room.detail else ()), "log"):
        yield name, _render(name, context)
    for row in room.rows:
        for name in ROW_PIECES:
            yield f"{name}-{row.experiment_id}", _render(f"row-{name}", context | {"row": row})


def _render(name: str, context: dict[str, object]) -> str:
    return render_to_string(f"room/_{name.replace('-', '_')}.html", context).strip()


def as_swap(name: str, html: str) -> str:
    """A piece as htmx takes it: it finds its place on the page by id."""
    return format_html('<div id="{}" hx-swap-oob="innerHTML">{}</div>', name, SafeString(html))


def _drawn_rows(detail: RoomDetail) -> list[DrawnRow]:
    timeline = detail.timeline
    if timeline is None:
        return []
    return [
        DrawnRow(
            row,
            charts.gantt_bar(
                [Bar(bar.start, bar.seconds, bar.css) for bar in row.bars],
                t0=timeline.t0,
                t1=timeline.t1,
                fault=timeline.fault,
                now=timeline.now,
            ),
        )
        for row in timeline.rows
    ]


def _drawn_charts(detail: RoomDetail, *, as_table: bool) -> list[DrawnChart]:
    return [
        DrawnChart(
            chart,
            _value(chart),
            _limit(chart),
            _table(chart) if as_table else _line(chart, detail),
        )
        for chart in detail.charts
    ]


SHORT_FROM = 10_000
"""From here on a value is written short, 3.61 M, and its name says of what."""


def _value(chart: ProbeChart) -> str:
    if chart.value is None:
        return "unknown" if chart.where == "unknown" else ""
    if abs(chart.value) >= SHORT_FROM:
        return formats.number(chart.value)
    return f"{chart.value:,.{chart.decimals}f} {chart.unit}".strip()


def _limit(chart: ProbeChart) -> str:
    """The limit beside a short value is without its unit too, so that it stays on its line."""
    bounds = [abs(bound) for bound in (chart.low, chart.high) if bound is not None]
    return chart.limit.removesuffix(f" {chart.unit}") if max(bounds) >= SHORT_FROM else chart.limit


def _table(chart: ProbeChart) -> SafeString:
    return charts.points_table(
        chart.points, title=chart.name, low=chart.low, high=chart.high, unit=chart.unit
    )


def _line(chart: ProbeChart, detail: RoomDetail) -> SafeString:
    timeline = detail.timeline
    has_run = detail.run is not None and detail.run.started_at is not None
    return charts.line_chart(
        chart.points,
        t0=timeline.t0 if timeline else 0,
        t1=timeline.t1 if timeline else 1,
        low=chart.low,
        high=chart.high,
        fault=timeline.fault if timeline and has_run else None,
        now=timeline.now if timeline else None,
        title=f"{chart.name}, {chart.unit}" if chart.unit else chart.name,
        description=f"{chart.limit.capitalize()}. Now {_value(chart)} {chart.where}.",
        compare=chart.earlier,
        chart_id=f"chart-{chart.key}",
        unit=chart.unit,
    )
