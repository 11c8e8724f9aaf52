"""What a run left behind: its certificate, or what people have to put back."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_POST

from exercises.domain.errors import Invalid
from exercises.models import CleanUp, Experiment
from exercises.permissions import may
from exercises.queries.clean_ups import clean_up_of, shown
from exercises.queries.compose import editable_experiment
from exercises.services.sweep import LONGEST_REASON, report_done, waive
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.errors import form_errors


@signed_in
@require_GET
def clean_up(request: SignedInRequest, pk: int) -> HttpResponse:
    return _page(request, _experiment(request, pk))


def _page(
    request: SignedInRequest,
    experiment: Experiment,
    *,
    because: str = "",
    problems: dict[str, list[str]] | None = None,
) -> HttpResponse:
    row = clean_up_of(experiment)
    context = {
        "experiment": experiment,
        "clean_up": shown(row) if row else None,
        "may_report": row is not None and may(request.actor, "cleanup.report", row.run),
        "may_waive": row is not None and may(request.actor, "cleanup.waive", row.run),
        "because": because,
        "longest": LONGEST_REASON,
        "problems": problems or {},
    }
    status = 422 if problems else 200
    return render(request, "experiments/clean_up.html", context, status=status)


@signed_in
@require_POST
def clean_up_done(request: SignedInRequest, pk: int) -> HttpResponse:
    """It was put back: look again."""
    report_done(actor=request.actor, run=_row(_experiment(request, pk)).run)
    messages.success(request, "Thank you. It is being looked at again.")
    return redirect("clean_up", pk=pk)


@signed_in
@require_POST
def clean_up_waive(request: SignedInRequest, pk: int) -> HttpResponse:
    """It stays as it is, with a reason."""
    experiment = _experiment(request, pk)
    because = request.POST.get("because", "")
    try:
        waive(actor=request.actor, run=_row(experiment).run, because=because)
    except Invalid as error:
        return _page(request, experiment, because=because, problems=form_errors(error))
    messages.success(request, "Kept. What is left stays as it is.")
    return redirect("clean_up", pk=pk)


def _experiment(request: SignedInRequest, pk: int) -> Experiment:
    found = editable_experiment(request.actor, pk)
    if found is None:
        raise Http404("no such experiment")
    return found


def _row(experiment: Experiment) -> CleanUp:
    row = clean_up_of(experiment)
    if row is None:
        raise Http404("nothing was compared")
    return row


urlpatterns = [
    path("experiments/EXP-<int:pk>/clean-up/", clean_up, name="clean_up"),
    path("experiments/EXP-<int:pk>/clean-up/done/", clean_up_done, name="clean_up_done"),
    path("experiments/EXP-<int:pk>/clean-up/waive/", clean_up_waive, name="clean_up_waive"),
]
