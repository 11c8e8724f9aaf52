"""The report as CSV: section, row, column, value; one number a line."""

from __future__ import annotations

from collections.abc import Iterator

from exercises.domain.report_numbers import AGES, Report, Share, Trend
from exercises.queries.report import ReportPage
from exercises.web.csv_text import csv_text

Line = tuple[str, str, str, object]


def lines(page: ReportPage) -> str:
    return csv_text(("section", "row", "column", "value"), _numbers(page.numbers))


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
