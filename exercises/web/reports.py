"""The programme report: a page for leadership, its rows, its CSV, and its words."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods

from exercises.domain.errors import Invalid
from exercises.domain.report_periods import Month, Period, month_of, period_from
from exercises.models import Team
from exercises.models.due_work import database_now
from exercises.permissions import authorize, may
from exercises.queries.organisation_day import organisation_zone
from exercises.queries.report import (
    ReportPage,
    periods_with_runs,
    report_page,
    runs_behind,
)
from exercises.queries.report_shown import shown
from exercises.services.report_pdf import programme_pdf
from exercises.services.reports import write_brief
from exercises.web import report_csv
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.forms.reports import BriefForm
from exercises.web.forms.setup import add_problems
from exercises.web.looks import VERDICT_CHOICES, VERDICTS
from exercises.web.numbers import whole

PAGE_SIZE: Final = 50


@signed_in
@require_GET
def report_list(request: SignedInRequest) -> HttpResponse:
    """Every quarter since the first run, and the last three whole months."""
    now = database_now()
    latest = Period(month_of(now.astimezone(organisation_zone()).date()).plus(-1))
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
    return {**shown(page), "may_write": may(request.actor, "report.write")}


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
def report_pdf_file(request: SignedInRequest, key: str) -> HttpResponse:
    """The page for paper, with its fonts and tags in it."""
    page = report_page(_period(key), now=database_now())
    response = HttpResponse(programme_pdf(page), content_type="application/pdf")
    name = f"chaosplane-report-{page.numbers.period.key}.pdf"
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
    zone = organisation_zone()
    rows = runs_behind(request.actor, first.starts_at(zone), last.plus(1).starts_at(zone))
    verdict, team = request.GET.get("verdict", ""), request.GET.get("team", "")
    if verdict in VERDICTS:
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
        "verdicts": VERDICT_CHOICES,
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
            add_problems(form, error)
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
    path("reports/<slug:key>/report.pdf", report_pdf_file, name="report_pdf"),
    path("reports/<slug:key>/runs/", report_runs, name="report_runs"),
    path("reports/<slug:key>/words/", report_words, name="report_words"),
]
