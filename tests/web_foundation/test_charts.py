"""Charts: what is missing stays a gap, what is outside is marked, what is text is escaped."""

from __future__ import annotations

import re

import pytest

from exercises.web import charts
from exercises.web.chart_axes import time_axis, value_axis


def drawn(points: list[tuple[float, float | None]], **options: object) -> str:
    values: dict[str, object] = {
        "t0": -300,
        "t1": 1500,
        "title": "Messages delivered",
        "description": "As measured",
        "chart_id": "c1",
    }
    return str(charts.line_chart(points, **(values | options)))  # type: ignore[arg-type]


def lines(svg: str, css: str) -> list[str]:
    return re.findall(rf'<polyline class="{css}" points="([^"]*)"', svg)


def test_a_missing_value_is_a_gap_and_not_a_line() -> None:
    svg = drawn([(0, 1.0), (10, 1.0), (20, None), (30, 1.0), (40, 1.0)])
    assert len(lines(svg, "ln")) == 2


def test_a_silence_is_a_gap_too() -> None:
    svg = drawn([(0, 1.0), (10, 1.0), (20, 1.0), (400, 1.0), (410, 1.0)])
    assert len(lines(svg, "ln")) == 2


def test_what_is_outside_is_drawn_from_where_the_line_crosses_the_limit() -> None:
    svg = drawn([(0, 100.0), (60, 98.0), (120, 100.0)], low=99, t0=0, t1=120, unit="%")
    [outside] = lines(svg, "bad")
    xs = [float(pair.split(",")[0]) for pair in outside.split()]
    assert xs == [150.0, 300.0, 450.0]


def test_a_single_value_outside_can_be_seen() -> None:
    assert '<path class="bad"' in drawn([(0, None), (10, 50.0), (20, None)], low=99)


def test_nothing_is_outside_without_a_limit() -> None:
    assert 'class="bad"' not in drawn([(0, 1.0), (10, 900.0)])


def test_words_are_escaped() -> None:
    svg = drawn([(0, 1.0)], title="<script>", description='"quoted" & more')
    assert "<script>" not in svg
    assert "&lt;script&gt;" in svg
    assert "&quot;quoted&quot; &amp; more" in svg


def test_a_chart_without_data_still_has_its_axes_and_its_name() -> None:
    svg = drawn([], low=99.5, fault=(0, 1200), now=30)
    assert "Messages delivered" in svg
    assert 'class="lim"' in svg
    assert not lines(svg, "ln")


def test_an_earlier_run_is_drawn_dashed_beside_this_one() -> None:
    svg = drawn([(0, 1.0), (10, 1.0)], compare=[(0, 2.0), (10, 2.0)])
    assert len(lines(svg, "ln2")) == 1


@pytest.mark.parametrize(
    ("t0", "t1", "labels"),
    [
        (-300, 1500, ["0", "+10", "+20 min"]),
        (-600, 2400, ["0", "+15", "+30 min"]),
        (-600, 600, ["-10", "-5", "0", "+5", "+10 min"]),
        (0, 40, ["0", "+10", "+20", "+30", "+40 s"]),
    ],
)
def test_a_time_axis_has_round_ticks_counted_from_the_fault(
    t0: float, t1: float, labels: list[str]
) -> None:
    assert time_axis(t0, t1, most=4).labels == labels


def test_an_axis_ends_with_the_plan_and_its_labels_stand_at_their_ticks() -> None:
    axis = str(charts.gantt_axis(-600, 2400))
    assert re.findall(r'class="(a-.)" x="([^"]*)"', axis)[:3] == [
        ("a-s", "0.00%"),
        ("a-m", "20.00%"),
        ("a-m", "40.00%"),
    ]


def test_what_was_measured_beyond_the_axis_is_not_piled_up_at_its_edge() -> None:
    svg = drawn([(-900, 1.0), (0, 1.0), (10, 1.0)], compare=[(0, 2.0), (10, 2.0), (9000, 9.0)])
    assert [len(line.split()) for line in (*lines(svg, "ln"), *lines(svg, "ln2"))] == [2, 2]


def test_a_time_axis_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="ends after it starts"):
        time_axis(10, 10, most=4)


@pytest.mark.parametrize(
    ("values", "low", "high", "unit", "ends"),
    [
        ([98.6, 99.9], 99.5, None, "%", (98.5, 100)),
        ([1, 1], 1, 1, "", (0, 2)),
        ([100, 100], 100, None, "%", (0, 100)),
        ([150, 880], None, 1000, "ms", (0, 1500)),
        ([1, 2], 1, 1, "", (0, 3)),
        ([], None, None, "", (0, 1)),
    ],
)
def test_a_value_axis_leaves_air_but_no_impossible_value(
    values: list[float],
    low: float | None,
    high: float | None,
    unit: str,
    ends: tuple[float, float],
) -> None:
    axis = value_axis(values, low, high, unit=unit)
    assert (axis.bottom, axis.top) == ends


def test_the_table_says_the_same_as_the_chart() -> None:
    table = str(
        charts.points_table(
            [(0, 99.9), (60, 98.0), (120, None)], title="Delivered", low=99.5, unit="%"
        )
    )
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", table)
    assert cells == ["99.9 %", "inside", "98 %", "outside", "unknown", "unknown"]


def test_a_bar_outside_the_axis_is_cut_at_its_edge() -> None:
    svg = str(charts.gantt_bar([charts.Bar(-9000, 9e9, "b")], t0=0, t1=600))
    assert 'x="0.0" y="5" width="1000.0"' in svg


def test_a_split_bar_is_named_for_who_cannot_see_it() -> None:
    svg = str(charts.split_bar([(7, "m-ok"), (0, "m-learn")], label="7 held"))
    assert 'aria-label="7 held"' in svg
    assert svg.count("<rect") == 1


@pytest.mark.parametrize(("percent", "width"), [(-5, "0.0"), (48.4, "48.4"), (250, "100.0")])
def test_a_meter_never_leaves_its_frame(percent: float, width: str) -> None:
    assert f'width="{width}"' in str(charts.meter(percent))
