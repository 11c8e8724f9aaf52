"""The report as CSV (RFC 4180): section, row, column, value; one number a line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from exercises.domain.report_numbers import AGES, Report, Share, Trend
from exercises.queries.report import ReportPage

Line = tuple[str, str, str, object]

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def lines(page: ReportPage) -> str:
    """The file. Names that a spreadsheet would take for a formula get an apostrophe
    (OWASP, "CSV Injection")."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("section", "row", "column", "value"))
    for line in _numbers(page.numbers):
        writer.writerow([_harmless(value) for value in line])
    return out.getvalue()


def _harmless(value: object) -> object:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value


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
    for team in numbers.teams:
        for month, count in zip(numbers.period.year, team.months, strict=True):
            yield "runs by team", team.name, month.key, count
        yield "runs by team", team.name, "applications exercised", team.exercised.part
        yield "runs by team", team.name, "applications", team.exercised.whole
    for outcome in numbers.outcomes:
        month_key = outcome.month.key
        yield "production outcome", month_key, "held", outcome.held
        yield "production outcome", month_key, "not held", outcome.not_held
        yield "production outcome", month_key, "inconclusive", outcome.inconclusive
    for month, seconds in zip(numbers.period.year, numbers.recovery_by_month, strict=True):
        yield "median time to steady state", month.key, "seconds", seconds
    for row in numbers.ages:
        for (_, words), count in zip(AGES, row.counts, strict=True):
            yield "open findings", f"severity {row.severity}", words, count
        yield "open findings", f"severity {row.severity}", "overdue", row.overdue


def _share(name: str, share: Share, trend: Trend) -> Iterator[Line]:
    yield "number", name, "percent", share.percent
    yield "number", name, "percent three months before", trend.before
    yield "number", name, "count", share.part
    yield "number", name, "of", share.whole
