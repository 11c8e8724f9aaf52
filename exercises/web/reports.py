"""The programme report: a page for leadership, its rows, its CSV, and its words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods

from exercises.domain.errors import Invalid
from exercises.domain.report_numbers import AGES, COVERAGE_GOAL, IN_TIME_GOAL, Report, Trend
from exercises.domain.report_periods import Month, Period, month_of, period_from
from exercises.models import Team
from exercises.models.due_work import database_now
from exercises.permissions import authorize, may
from exercises.queries.report import (
    ReportPage,
    periods_with_runs,
    report_page,
    report_zone,
    runs_behind,
)
from exercises.services.reports import write_brief
from exercises.web import report_csv
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.errors import form_errors
from exercises.web.formats import duration
from exercises.web.forms.reports import BriefForm
from exercises.web.numbers import whole
from exercises.web.report_charts import outcome_bars

PAGE_SIZE: Final = 50
VERDICTS: Final = (("held", "Held"), ("not_held", "Not held"), ("inconclusive", "Inconclusive"))
SHADES: Final = 4
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


@signed_in
@require_GET
def report_list(request: SignedInRequest) -> HttpResponse:
    """Every quarter since the first run, and the last three whole months."""
    now = database_now()
    latest = Period(month_of(now.astimezone(report_zone()).date()).plus(-1))
    context = {"periods": periods_with_runs(now=now), "latest": latest}
    return render(request, "reports/list.html", context)


@signed_in
@require_GET
def report_detail(request: SignedInRequest, key: str) -> HttpResponse:
    period = _period(key)
    if period.key != key:
        return redirect("report", period.key)
    page = report_page(period, now=database_now())
    return render(request, "reports/report.html", _context(request, page))


def _context(request: SignedInRequest, page: ReportPage) -> dict[str, Any]:
    numbers = page.numbers
    return {
        "page": page,
        "period": numbers.period,
        "kpis": _kpis(numbers),
        "months": numbers.period.year,
        "teams": [_heat_row(row, numbers.period) for row in numbers.teams],
        "bars": outcome_bars(numbers.outcomes),
        "recovery": [
            (month, "" if value is None else duration(value))
            for month, value in zip(numbers.period.year, numbers.recovery_by_month, strict=True)
        ],
        "has_recovery": any(numbers.recovery_by_month),
        "ages": [words for _, words in AGES],
        "may_write": may(request.actor, "report.write"),
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
            "none" if numbers.recovery.now is None else duration(numbers.recovery.now),
            *_spans(numbers.recovery),
            _recoveries(numbers.recoveries),
            numbers.recovery.line,
            runs,
        ),
    ]


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
    sign = MINUS if change < 0 else "+"
    return f"{sign}{duration(abs(change))}", _tone(-change)


def _tone(change: float) -> str:
    return "" if not change else "up" if change > 0 else "down"


def _recoveries(count: int) -> str:
    if not count:
        return "no run left it and came back"
    return f"after {count} run{'' if count == 1 else 's'} that left it"


def _heat_row(row: Any, period: Period) -> dict[str, Any]:
    cells = zip(period.year, row.months, row.is_frozen, strict=True)
    return {
        "name": row.name,
        "exercised": row.exercised,
        "team_id": row.team_id,
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


@signed_in
@require_GET
def report_csv_file(request: SignedInRequest, key: str) -> HttpResponse:
    """Every number of the page, one a line."""
    page = report_page(_period(key), now=database_now())
    response = HttpResponse(report_csv.lines(page), content_type="text/csv; charset=utf-8")
    name = f"chaosplane-report-{page.numbers.period.key}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@signed_in
@require_GET
def report_runs(request: SignedInRequest, key: str) -> HttpResponse:
    """The runs behind a number, as far as this person sees them."""
    period = _period(key)
    first, last = period.first, period.last
    month = _month(request.GET.get("month", ""))
    if month:
        first = last = month
    zone = report_zone()
    rows = runs_behind(request.actor, first.starts_at(zone), last.plus(1).starts_at(zone))
    verdict, team = request.GET.get("verdict", ""), request.GET.get("team", "")
    if verdict in dict(VERDICTS):
        rows = rows.filter(verdict=verdict)
    if (team_id := whole(team)) is not None:
        rows = rows.filter(experiment__application__team=team_id)
    if request.GET.get("tier") == "1":
        rows = rows.filter(experiment__application__tier=1)
    if request.GET.get("production") == "1":
        rows = rows.filter(experiment__deployment__place__account__environment="production")
    context = {
        "period": period,
        "first": first,
        "last": last,
        "page": Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")),
        "chosen": request.GET,
        "verdicts": VERDICTS,
        "teams": Team.objects.order_by("name"),
        "zone": zone.key,
        "is_narrowed": any(request.GET.values()),
    }
    return render(request, "reports/runs.html", context)


@signed_in
@require_http_methods(["GET", "POST"])
def report_words(request: SignedInRequest, key: str) -> HttpResponse:
    """The headline and the decisions asked for, by a programme lead."""
    authorize(request.actor, "report.write")
    period = _period(key)
    page = report_page(period, now=database_now())
    form = BriefForm(request.POST or None, brief=page.brief)
    if request.method == "POST" and form.is_valid():
        try:
            write_brief(
                actor=request.actor,
                period=period.key,
                headline=form.cleaned_data["headline"],
                decisions=form.asked(),
                decide_by=form.cleaned_data["decide_by"],
                based_on=form.cleaned_data["based_on"],
            )
        except Invalid as error:
            for field, problems in form_errors(error).items():
                form.add_error(field if field in form.fields else None, problems)
        else:
            messages.success(request, "The report has its words.")
            return redirect("report", period.key)
    context = {"form": form, "page": page, "period": period}
    return render(request, "reports/words.html", context, status=422 if form.errors else 200)


def _period(key: str) -> Period:
    try:
        return period_from(key)
    except Invalid as error:
        raise Http404(str(error)) from error


def _month(text: str) -> Month | None:
    try:
        return month_of(datetime.strptime(text, "%Y-%m").date())  # noqa: DTZ007
    except ValueError:
        return None


urlpatterns = [
    path("reports/", report_list, name="report_list"),
    path("reports/<slug:key>/", report_detail, name="report"),
    path("reports/<slug:key>/report.csv", report_csv_file, name="report_csv"),
    path("reports/<slug:key>/runs/", report_runs, name="report_runs"),
    path("reports/<slug:key>/words/", report_words, name="report_words"),
]
