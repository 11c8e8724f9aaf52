"""The report of one exercise: a page, a PDF and a CSV. Who wants proof takes the evidence pack."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET

from exercises.permissions import may
from exercises.queries.exercise_report import exercise_report
from exercises.queries.exercise_report_shown import shown
from exercises.services.report_pdf import exercise_pdf
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.exercise_head import find_exercise
from exercises.web.report_csv import exercise_lines


@signed_in
@require_GET
def exercise_report_page(request: SignedInRequest, slug: str) -> HttpResponse:
    exercise = find_exercise(request.actor, slug)
    context = {
        **shown(exercise_report(request.actor, exercise)),
        "may_export": may(request.actor, "evidence.export", exercise),
    }
    return render(request, "reports/exercise.html", context)


@signed_in
@require_GET
def exercise_report_pdf(request: SignedInRequest, slug: str) -> HttpResponse:
    exercise = find_exercise(request.actor, slug)
    data = exercise_pdf(exercise_report(request.actor, exercise))
    response = HttpResponse(data, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="report-{exercise.slug}.pdf"'
    return response


@signed_in
@require_GET
def exercise_report_csv(request: SignedInRequest, slug: str) -> HttpResponse:
    """Every run and finding of the page, one number a line."""
    exercise = find_exercise(request.actor, slug)
    text = exercise_lines(exercise_report(request.actor, exercise))
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="report-{exercise.slug}.csv"'
    return response


_REPORT = "exercises/<slug:slug>/report"
urlpatterns = [
    path(f"{_REPORT}/", exercise_report_page, name="exercise_report"),
    path(f"{_REPORT}.pdf", exercise_report_pdf, name="exercise_report_pdf"),
    path(f"{_REPORT}.csv", exercise_report_csv, name="exercise_report_csv"),
]
