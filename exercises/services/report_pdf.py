"""Reports on paper: the PDF of a period, and of one exercise.

Called by the pages and by the mail of a subscription. Same data, same bytes: the only date
is the day up to which was counted.
"""

from __future__ import annotations

from django.conf import settings
from django.template.loader import render_to_string

from exercises.paper.pdf import pdf_of
from exercises.queries.exercise_report import ExerciseReport
from exercises.queries.exercise_report_shown import shown as exercise_shown
from exercises.queries.report import ReportPage
from exercises.queries.report_shown import shown


def programme_html(page: ReportPage) -> str:
    """The page for paper; links lead to the rows at this installation's address."""
    context = {**shown(page), "root": settings.CHAOSPLANE_BASE_URL}
    return render_to_string("paper/programme.html", context)


def programme_pdf(page: ReportPage) -> bytes:
    """Raises Unavailable where PDFs cannot be made."""
    return pdf_of(programme_html(page))


def exercise_html(report: ExerciseReport) -> str:
    """The page of one exercise for paper."""
    context = {**exercise_shown(report), "root": settings.CHAOSPLANE_BASE_URL}
    return render_to_string("paper/exercise.html", context)


def exercise_pdf(report: ExerciseReport) -> bytes:
    """Raises Unavailable where PDFs cannot be made."""
    return pdf_of(exercise_html(report))
