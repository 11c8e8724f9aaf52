"""The reports as CSV: section, row, column, value; one number a line."""

from __future__ import annotations

from collections.abc import Iterator

from exercises.domain.report_numbers import AGES, Report, Share, Trend
from exercises.queries.exercise_report import ExerciseReport
from exercises.queries.report import ReportPage
from exercises.web.csv_text import csv_text

Line = tuple[str, str, str, object]


def lines(page: ReportPage) -> str:
    return csv_text(("section", "row", "column", "value"), _numbers(page.numbers))


def exercise_lines(report: ExerciseReport) -> str:
    """The report of one exercise."""
    return csv_text(("section", "row", "column", "value"), _of_exercise(report))


def _of_exercise(report: ExerciseReport) -> Iterator[Line]:
    exercise = report.exercise
    yield "exercise", exercise.slug, "name", exercise.name
    yield "exercise", exercise.slug, "headline", report.headline
    yield "number", "experiments", "ran", len(report.runs)
    yield "number", "hypotheses", "held", report.outcome.held
    yield "number", "hypotheses", "not held", report.outcome.not_held
    yield "number", "hypotheses", "inconclusive", report.outcome.inconclusive
    yield "number", "median time to detect", "seconds", report.detection
    yield "number", "median time to steady state", "seconds", report.recovery
    for line in report.runs:
        run, code = line.run, line.run.experiment.code
        yield "run", code, "title", run.experiment.title
        yield "run", code, "application", run.experiment.application.slug
        yield "run", code, "started at", run.started_at and run.started_at.isoformat()
        yield "run", code, "state", run.state
        yield "run", code, "verdict", run.verdict
        yield "run", code, "seconds to detect", line.detected_s
        yield "run", code, "seconds to alarm", line.alarmed_s
        yield "run", code, "seconds to acknowledge", line.acknowledged_s
        yield "run", code, "seconds to recover", line.recovered_s
        yield "run", code, "clean-up", line.clean_up.state.value if line.clean_up else None
    for found in report.findings:
        finding = found.finding
        yield "finding", finding.code, "title", found.title
        yield "finding", finding.code, "severity", finding.severity
        yield "finding", finding.code, "state", finding.state
    for row in report.participants:
        yield "participant", row.application.slug, "answer", row.answer


def _numbers(numbers: Report) -> Iterator[Line]:
    yield "period", numbers.period.key, "as of", numbers.as_of.isoformat()
    yield from _share("critical applications exercised", numbers.coverage, numbers.coverage_trend)
    yield from _share("hypotheses held", numbers.held, numbers.held_trend)
    yield from _share("findings fixed in time", numbers.in_time, numbers.in_time_trend)
    yield "number", "findings overdue", "count", numbers.overdue
    name = "median time to steady state"
    yield "number", name, "seconds", numbers.recovery.now
    yield "number", name, "seconds three months before", numbers.recovery.before
    yield "number", name, "runs", numbers.recoveries
    name = "median time to detect"
    yield "number", name, "seconds", numbers.detection.now
    yield "number", name, "seconds three months before", numbers.detection.before
    yield "number", name, "runs", numbers.detections
    yield "number", "resilience score", "points", rounded(numbers.score.now)
    name = "points three months before"
    yield "number", "resilience score", name, rounded(numbers.score.before)
    for team in numbers.teams:
        for month, count in zip(numbers.period.year, team.months, strict=True):
            yield "runs by team", team.name, month.key, count
        yield "runs by team", team.name, "applications exercised", team.exercised.part
        yield "runs by team", team.name, "applications", team.exercised.whole
        yield "runs by team", team.name, "resilience score", rounded(team.score)
    for outcome in numbers.outcomes:
        month_key = outcome.month.key
        yield "production outcome", month_key, "held", outcome.held
        yield "production outcome", month_key, "not held", outcome.not_held
        yield "production outcome", month_key, "inconclusive", outcome.inconclusive
    for month, seconds in zip(numbers.period.year, numbers.recovery_by_month, strict=True):
        yield "median time to steady state", month.key, "seconds", seconds
    for month, seconds in zip(numbers.period.year, numbers.detection_by_month, strict=True):
        yield "median time to detect", month.key, "seconds", seconds
    for row in numbers.ages:
        for (_, words), count in zip(AGES, row.counts, strict=True):
            yield "open findings", f"severity {row.severity}", words, count
        yield "open findings", f"severity {row.severity}", "overdue", row.overdue
    for number, override in enumerate(numbers.overrides, start=1):
        section = f"ladder override {number}"
        yield section, override.application, "family", override.family
        yield section, override.application, "level", override.level
        yield section, override.application, "by", override.by
        yield section, override.application, "granted on", override.granted_on.isoformat()
        yield section, override.application, "until", override.until.isoformat()
        yield section, override.application, "reason", override.reason


def _share(name: str, share: Share, trend: Trend) -> Iterator[Line]:
    yield "number", name, "percent", share.percent
    yield "number", name, "percent three months before", trend.before
    yield "number", name, "count", share.part
    yield "number", name, "of", share.whole


def rounded(score: float | None) -> float | None:
    """A score as it is handed out: to a tenth of a point."""
    return None if score is None else round(score, 1)
