"""The report of one exercise as it is shown: its numbers in words, each with its rows."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from exercises.domain.durations import in_words
from exercises.queries.clauses import clause_table
from exercises.queries.exercise_report import ExerciseReport
from exercises.queries.report_shown import Kpi


def shown(report: ExerciseReport) -> dict[str, Any]:
    """Everything that a template of the report reads."""
    return {
        "report": report,
        "exercise": report.exercise,
        "as_of": report.as_of,
        "kpis": _kpis(report),
        "clauses": clause_table(),
    }


def _kpis(report: ExerciseReport) -> list[Kpi]:
    outcome, slug = report.outcome, report.exercise.slug
    tried = outcome.held + outcome.not_held
    debrief = reverse("debrief", args=[slug])
    return [
        _kpi(
            "Experiments that ran",
            str(len(report.runs)),
            f"by {report.teams} team{'' if report.teams == 1 else 's'};"
            f" {report.joined} of {len(report.participants)} invited services joined",
            reverse("exercise_experiments", args=[slug]),
        ),
        _kpi(
            "Hypotheses held",
            f"{round(100 * outcome.held / tried)} %" if tried else "none",
            f"{outcome.held} of {tried}, {outcome.inconclusive} inconclusive",
            debrief,
        ),
        _kpi(
            "Time to detect",
            _span(report.detection),
            "median, from the fault to the first reading outside",
            debrief,
        ),
        _kpi(
            "Time to steady state",
            _span(report.recovery),
            "median of the runs that left it and came back",
            debrief,
        ),
    ]


def _kpi(label: str, value: str, note: str, href: str) -> Kpi:
    return Kpi(label, value, change="", tone="", note=note, line=(), href=href)


def _span(seconds: float | None) -> str:
    return "none" if seconds is None else in_words(seconds)
