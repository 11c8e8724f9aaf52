"""Charts drawn by the server as SVG: no script, no inline style, readable when printed.

Called by the views of the live room, the debrief and the findings, and by the template tags.
Colours are classes of components.css, so light, dark and print follow the tokens. Time is in
engine seconds relative to the start of the fault, on the same axis for charts and for the
action timeline. Everything that is not a number is escaped.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from exercises.web import formats
from exercises.web.chart_axes import TimeAxis, ValueAxis, time_axis, value_axis

WIDTH = 600
HEIGHT = 200
ROW = 24
TABLE_ROWS = (
    40  # more rows than this are thinned: a reader looks for the shape, not for each second
)

Point = tuple[float, float | None]
Known = tuple[float, float]


@dataclass(frozen=True)
class Bar:
    """One bar of the action timeline: seconds relative to the fault start, and its class."""

    start: float
    seconds: float
    css: str  # b, b-ok, b-plan, b-skip, b-rest, b-wait, b-learn, b-stop, b-danger


@dataclass(frozen=True)
class _Plane:
    """Where a time and a value lie in the drawing."""

    time: TimeAxis
    value: ValueAxis

    def x(self, seconds: float) -> float:
        return self.time.share(seconds) * WIDTH

    def y(self, value: float) -> float:
        inside = min(self.value.top, max(self.value.bottom, value))
        return (self.value.top - inside) / self.value.span * HEIGHT

    def points(self, piece: Iterable[Known]) -> str:
        return " ".join(f"{self.x(t):.1f},{self.y(v):.1f}" for t, v in piece)

    def dot(self, point: Known, css: str) -> str:
        return f'<path class="{css}" d="M{self.x(point[0]):.1f} {self.y(point[1]):.1f}h.01"/>'

    def lines(self, pieces: Iterable[Sequence[Known]], css: str) -> str:
        return "".join(
            f'<polyline class="{css}" points="{self.points(piece)}"/>'
            if len(piece) > 1
            else self.dot(piece[0], css)
            for piece in pieces
        )


def line_chart(
    points: Sequence[Point],
    *,
    t0: float,
    t1: float,
    low: float | None = None,
    high: float | None = None,
    fault: tuple[float, float] | None = None,
    now: float | None = None,
    title: str,
    description: str,
    chart_id: str,
    unit: str = "",
    compare: Sequence[Point] | None = None,
) -> SafeString:
    """One measured value over time with its limits, the fault window and what fell outside.

    A missing value is a gap, never a line drawn across it. `compare` is an earlier run, dashed.
    """
    pieces = list(_pieces([point for point in points if t0 <= point[0] <= t1]))
    earlier = list(_pieces([point for point in compare or () if t0 <= point[0] <= t1]))
    values = [v for piece in (*pieces, *earlier) for _, v in piece]
    plane = _Plane(time_axis(t0, t1, most=4), value_axis(values, low, high, unit=unit))
    drawing = "".join(
        (
            _fault(plane, fault),
            _limits(plane, low, high),
            plane.lines(earlier, "ln2"),
            plane.lines(pieces, "ln"),
            plane.lines(_outside(pieces, low, high), "bad"),
            "" if now is None else f'<path class="nowl" d="M{plane.x(now):.1f} 0V{HEIGHT}"/>',
            plane.dot(pieces[-1][-1], "pt") if pieces else "",
        )
    )
    return format_html(
        '<div class="plot"><ol class="ys" aria-hidden="true">{}</ol>'
        '<svg class="csvg" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img"'
        ' aria-labelledby="{}-t {}-d"><title id="{}-t">{}</title><desc id="{}-d">{}</desc>'
        "{}</svg>{}</div>",
        _items(reversed(plane.value.labels)),
        WIDTH,
        HEIGHT,
        chart_id,
        chart_id,
        chart_id,
        title,
        chart_id,
        description,
        SafeString(drawing),
        _time_labels(plane.time),
    )


def points_table(
    points: Sequence[Point],
    *,
    title: str,
    low: float | None = None,
    high: float | None = None,
    unit: str = "",
    has_limits: bool = True,
) -> SafeString:
    """The same measurement as a table, for who reads numbers rather than lines."""
    step = max(1, -(-len(points) // TABLE_ROWS))
    rows = format_html_join(
        "",
        '<tr><th scope="row">{}</th><td class="n">{}</td>{}</tr>',
        (
            (
                formats.mmss(at),
                formats.measure(value, unit),
                format_html("<td>{}</td>", position(value, low, high)) if has_limits else "",
            )
            for at, value in points[::step]
        ),
    )
    return format_html(
        '<div class="scroll" tabindex="0"><table class="data"><caption class="sr">{}</caption>'
        '<thead><tr><th scope="col">From fault start</th><th scope="col" class="n">Value</th>'
        "{}</tr></thead><tbody>{}</tbody></table></div>",
        title,
        SafeString('<th scope="col">Steady state</th>') if has_limits else "",
        rows,
    )


def position(value: float | None, low: float | None, high: float | None) -> str:
    """Where a value lies: inside, outside, or unknown when it was not measured."""
    if value is None:
        return formats.MISSING
    return "outside" if _is_outside(value, low, high) else "inside"


def gantt_axis(t0: float, t1: float) -> SafeString:
    """The time labels above the rows of the action timeline."""
    return _time_labels(time_axis(t0, t1, most=8))


def _time_labels(axis: TimeAxis) -> SafeString:
    """Labels at their ticks: text of an SVG without a viewBox, so that it is never stretched."""
    return format_html(
        '<svg class="ticks" aria-hidden="true">{}</svg>',
        format_html_join(
            "",
            '<text class="{}" x="{}%" y="11">{}</text>',
            (
                (_anchor(axis.share(tick)), f"{axis.share(tick) * 100:.2f}", label)
                for tick, label in zip(axis.ticks, axis.labels, strict=True)
            ),
        ),
    )


def _anchor(share: float) -> str:
    """Labels near an edge grow inward, so that none is cut off."""
    return "a-s" if share < 0.06 else "a-e" if share > 0.94 else "a-m"


def gantt_bar(
    bars: Sequence[Bar],
    *,
    t0: float,
    t1: float,
    fault: tuple[float, float] | None = None,
    now: float | None = None,
) -> SafeString:
    """One row of the action timeline. Its state also stands beside it as text."""
    axis = time_axis(t0, t1, most=8)

    def x(seconds: float) -> float:
        return axis.share(seconds) * 1000

    drawn = ""
    if fault is not None:
        a, b = x(fault[0]), x(fault[1])
        drawn += f'<rect class="f" x="{a:.1f}" y="0" width="{b - a:.1f}" height="{ROW}"/>'
    drawn += "".join(f'<path class="t" d="M{x(t):.1f} 0V{ROW}"/>' for t in axis.ticks)
    body = format_html_join(
        "",
        '<rect class="{}" x="{}" y="5" width="{}" height="14"/>',
        (
            (
                bar.css,
                f"{x(bar.start):.1f}",
                f"{max(4, x(bar.start + bar.seconds) - x(bar.start)):.1f}",
            )
            for bar in bars
        ),
    )
    line = "" if now is None else f'<path class="now" d="M{x(now):.1f} 0V{ROW}"/>'
    return format_html(
        '<svg class="gsvg" viewBox="0 0 1000 24" preserveAspectRatio="none" aria-hidden="true">'
        "{}{}{}</svg>",
        SafeString(drawn),
        body,
        SafeString(line),
    )


def sparkline(values: Sequence[float], *, label: str = "") -> SafeString:
    """The shape of a few values beside the last of them."""
    if not values:
        return SafeString("")
    low, span = min(values), (max(values) - min(values)) or 1
    step = 74 / max(1, len(values) - 1)
    drawn = [(2 + i * step, 3 + (low + span - v) / span * 22) for i, v in enumerate(values)]
    return format_html(
        '<svg class="spark" viewBox="0 0 80 28" preserveAspectRatio="xMinYMid meet" {}>'
        '<polyline class="ln" points="{}"/><circle class="pt" cx="{}" cy="{}" r="2.2"/></svg>',
        _role(label),
        " ".join(f"{x:.1f},{y:.1f}" for x, y in drawn),
        f"{drawn[-1][0]:.1f}",
        f"{drawn[-1][1]:.1f}",
    )


def split_bar(parts: Sequence[tuple[float, str]], *, label: str) -> SafeString:
    """Shares of a whole, each (count, class m-ok, m-learn or m-idle), with a thin gap."""
    total = sum(count for count, _ in parts) or 1
    pieces, at = [], 0.0
    for count, css in parts:
        width = count / total * 400
        if count:
            pieces.append((css, f"{at:.1f}", f"{max(1, width - 2):.1f}"))
        at += width
    return format_html(
        '<div class="splitbar"><svg viewBox="0 0 400 10" preserveAspectRatio="none" {}>'
        "{}</svg></div>",
        _role(label),
        format_html_join("", '<rect class="{}" x="{}" y="0" width="{}" height="10"/>', pieces),
    )


def meter(percent: float, *, css: str = "m", label: str = "") -> SafeString:
    """How much of a whole is done; values outside 0 to 100 are drawn at the edge."""
    return format_html(
        '<svg class="meter" viewBox="0 0 100 6" preserveAspectRatio="none" {}>'
        '<rect class="{}" width="{}" height="6"/></svg>',
        _role(label),
        css,
        f"{min(100.0, max(0.0, float(percent))):.1f}",
    )


def steps(n: int, of: int = 5) -> SafeString:
    """n of so many boxes, for the blast radius."""
    boxes = ((_on(i < int(n)), i * 7) for i in range(of))
    return format_html(
        '<svg viewBox="0 0 {} 8" aria-hidden="true">{}</svg>',
        of * 7 - 1.5,
        format_html_join("", '<rect class="{}" x="{}" width="5.5" height="8" rx="1"/>', boxes),
    )


def rising_steps(n: int, of: int = 3) -> SafeString:
    """n of so many rising bars, for the severity."""
    bars = ((_on(i < int(n)), i * 5.5, 9 - 3 * (i + 1), 3 * (i + 1) + 3) for i in range(of))
    return format_html(
        '<svg viewBox="0 0 16 12" aria-hidden="true">{}</svg>',
        format_html_join("", '<rect class="{}" x="{}" y="{}" width="4" height="{}" rx="1"/>', bars),
    )


def _on(is_on: bool) -> str:
    return "on" if is_on else ""


def _role(label: str) -> SafeString:
    if not label:
        return SafeString('aria-hidden="true"')
    return format_html('role="img" aria-label="{}"', label)


def _items(labels: Iterable[str]) -> SafeString:
    return format_html_join("", "<li>{}</li>", ((label,) for label in labels))


def _pieces(points: Sequence[Point]) -> Iterator[list[Known]]:
    """The stretches without a gap: a missing value or a silence ends a stretch."""
    steps_between = [b[0] - a[0] for a, b in itertools.pairwise(points)]
    silence = 3 * statistics.median(steps_between) if len(steps_between) > 2 else float("inf")
    piece: list[Known] = []
    for at, value in points:
        if piece and (value is None or at - piece[-1][0] > silence):
            yield piece
            piece = []
        if value is not None:
            piece.append((at, value))
    if piece:
        yield piece


def _is_outside(value: float, low: float | None, high: float | None) -> bool:
    return (low is not None and value < low) or (high is not None and value > high)


def _outside(
    pieces: Iterable[Sequence[Known]], low: float | None, high: float | None
) -> list[list[Known]]:
    """The parts of the line beyond a limit, from where it crosses to where it returns."""
    found: list[list[Known]] = []
    for piece in pieces:
        current: list[Known] = []
        for before, point in zip((None, *piece), piece, strict=False):
            if _is_outside(point[1], low, high):
                if not current and before is not None:
                    current.append(_crossing(before, point, low, high))
                current.append(point)
            elif current and before is not None:
                found.append([*current, _crossing(point, before, low, high)])
                current = []
        if current:
            found.append(current)
    return found


def _crossing(inside: Known, outside: Known, low: float | None, high: float | None) -> Known:
    limit = low if low is not None and outside[1] < low else high
    if limit is None:
        raise ValueError("nothing is outside where there is no limit")
    share = (limit - inside[1]) / (outside[1] - inside[1])
    return (inside[0] + share * (outside[0] - inside[0]), limit)


def _fault(plane: _Plane, fault: tuple[float, float] | None) -> str:
    if fault is None:
        return ""
    a, b = plane.x(fault[0]), plane.x(fault[1])
    return (
        f'<rect class="fault" x="{a:.1f}" y="0" width="{b - a:.1f}" height="{HEIGHT}"/>'
        f'<path class="fault-e" d="M{a:.1f} 0V{HEIGHT}M{b:.1f} 0V{HEIGHT}"/>'
    )


def _limits(plane: _Plane, low: float | None, high: float | None) -> str:
    drawn = ""
    if low is not None or high is not None:
        a = 0.0 if high is None else plane.y(high)
        b = float(HEIGHT) if low is None else plane.y(low)
        drawn += f'<rect class="band" x="0" y="{a:.1f}" width="{WIDTH}" height="{b - a:.1f}"/>'
    drawn += "".join(
        f'<path class="grid" d="M0 {plane.y(t):.1f}H{WIDTH}"/>' for t in plane.value.ticks
    )
    for limit in {bound for bound in (low, high) if bound is not None}:
        drawn += f'<path class="lim" d="M0 {plane.y(limit):.1f}H{WIDTH}"/>'
    return drawn
