"""The programme report as it is shown: numbers in words, each with the rows behind it.

The page, the paper and the mail ask here, so that they say the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.urls import reverse
from django.utils.http import urlencode

from exercises.domain.durations import in_words
from exercises.domain.report_numbers import (
    AGES,
    COVERAGE_GOAL,
    IN_TIME_GOAL,
    Report,
    TeamRow,
    Trend,
)
from exercises.domain.report_periods import LENGTH, Period
from exercises.domain.resilience_score import FORMULA
from exercises.paper.outcome_bars import outcome_bars
from exercises.queries.naming import names_now
from exercises.queries.report import ReportPage

SHADES: Final = 4
TEAMS_BESIDE: Final = 14
"""With more teams than this their months are on pages of their own on paper."""
MINUS: Final = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True)
class Kpi:
    """One number with its change since the three months before, its line and its rows."""

    label: str
    value: str
    change: str
    tone: str
    note: str
    line: tuple[float, ...]
    href: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A value in words with its change, and whether that is up or down."""

    value: str
    change: str
    tone: str


def shown(page: ReportPage) -> dict[str, Any]:
    """Everything that a template of the report reads."""
    numbers = page.numbers
    by_month = zip(
        numbers.period.year, numbers.detection_by_month, numbers.recovery_by_month, strict=True
    )
    times = [(month, _span(left), _span(back)) for month, left, back in by_month]
    return {
        "page": page,
        "period": numbers.period,
        "worded_by": names_now().of(page.brief.author) if page.brief else "",
        "as_of": numbers.as_of,
        "kpis": _kpis(numbers),
        "months": numbers.period.year,
        "teams": [_heat_row(row, numbers.period) for row in numbers.teams],
        "bars": outcome_bars(numbers.outcomes),
        "is_large": len(numbers.teams) > TEAMS_BESIDE,
        "times": [(month, left, back) for month, left, back in times if left or back],
        "times_of_period": times[-LENGTH:],
        "recovery": Shown(_span(numbers.recovery.now), *_spans(numbers.recovery)),
        "detection": Shown(_span(numbers.detection.now), *_spans(numbers.detection)),
        "score": Shown(points(numbers.score.now), *_points(numbers.score)),
        "formula": FORMULA,
        "ages": [words for _, words in AGES],
    }


def _kpis(numbers: Report) -> list[Kpi]:
    runs = reverse("report_runs", args=[numbers.period.key])
    due = f"{reverse('finding_list')}?state=all"
    coverage, held, in_time = numbers.coverage, numbers.held, numbers.in_time
    overdue = f"{numbers.overdue} overdue" if numbers.overdue else "none overdue"
    return [
        Kpi(
            "Critical applications exercised",
            _percent(coverage.percent),
            *_points(numbers.coverage_trend),
            f"{coverage.part} of {coverage.whole}. Goal {COVERAGE_GOAL} %",
            numbers.coverage_trend.line,
            f"{runs}?{urlencode({'tier': 1})}",
        ),
        Kpi(
            "Hypotheses held",
            _percent(held.percent),
            *_points(numbers.held_trend, is_goal=False),
            f"{held.part} of {held.whole} runs",
            numbers.held_trend.line,
            f"{runs}?{urlencode({'verdict': 'held'})}",
        ),
        Kpi(
            "Findings fixed in time",
            _percent(in_time.percent),
            *_points(numbers.in_time_trend),
            f"{in_time.part} of {in_time.whole} due, {overdue}. Goal {IN_TIME_GOAL} %",
            numbers.in_time_trend.line,
            due,
        ),
        Kpi(
            "Median time to steady state",
            "none" if numbers.recovery.now is None else in_words(numbers.recovery.now),
            *_spans(numbers.recovery),
            _recoveries(numbers.recoveries),
            numbers.recovery.line,
            runs,
        ),
    ]


def points(score: float | None) -> str:
    """A resilience score: a whole number up to 100."""
    return "none" if score is None else f"{score:.0f}"


def _span(seconds: float | None) -> str:
    return "" if seconds is None else in_words(seconds)


def _percent(value: int | None) -> str:
    return "none" if value is None else f"{value} %"


def _points(trend: Trend, *, is_goal: bool = True) -> tuple[str, str]:
    """A hypothesis that holds more often is no goal of its own, so it takes no colour."""
    change = trend.change
    if change is None:
        return "", ""
    words = f"{change:+.0f}".replace("-", MINUS) if change else "±0"
    return words, _tone(change) if is_goal else ""


def _spans(trend: Trend) -> tuple[str, str]:
    change = trend.change
    if change is None:
        return "", ""
    if not change:
        return "±0", ""
    sign = MINUS if change < 0 else "+"
    return f"{sign}{in_words(abs(change))}", _tone(-change)


def _tone(change: float) -> str:
    return "" if not change else "up" if change > 0 else "down"


def _recoveries(count: int) -> str:
    if not count:
        return "no run left it and came back"
    return f"after {count} run{'' if count == 1 else 's'} that left it"


def _heat_row(row: TeamRow, period: Period) -> dict[str, Any]:
    cells = zip(period.year, row.months, row.is_frozen, strict=True)
    return {
        "name": row.name,
        "exercised": row.exercised,
        "team_id": row.team_id,
        "score": points(row.score),
        "cells": [
            {
                "month": month,
                "count": count,
                "is_frozen": frozen,
                "shade": "" if count is None else f"h{min(count, SHADES)}",
            }
            for month, count, frozen in cells
        ],
    }
