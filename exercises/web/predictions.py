"""What do you expect? A person's word on an experiment, before it runs."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.views.decorators.http import require_POST

from exercises.domain.errors import Invalid
from exercises.queries.compose import editable_experiment
from exercises.services.predictions import LONGEST_RECOVERY_S, predict
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.errors import form_errors
from exercises.web.experiments import experiment_page
from exercises.web.numbers import whole

LONGEST_MINUTES = LONGEST_RECOVERY_S // 60


@signed_in
@require_POST
def experiment_predict(request: SignedInRequest, pk: int) -> HttpResponse:
    """Keep what was said; what was wrong is shown at its field with what was typed."""
    experiment = editable_experiment(request.actor, pk)
    if experiment is None:
        raise Http404("no such experiment")
    try:
        holds, recovery_s = _read(request)
        predict(
            actor=request.actor,
            experiment=experiment,
            holds=holds,
            recovery_s=recovery_s,
            because=request.POST.get("because", ""),
        )
    except Invalid as error:
        expected = {"typed": request.POST, "errors": form_errors(error)}
        return experiment_page(request, experiment, expected=expected, status=422)
    messages.success(request, "Kept. The debrief sets it beside what happened.")
    return redirect("experiment_detail", pk=pk)


def _read(request: SignedInRequest) -> tuple[bool, int | None]:
    holds, typed = request.POST.get("holds", ""), request.POST.get("recovery", "").strip()
    minutes = whole(typed, digits=5) if typed else None
    problems = []
    if holds not in {"yes", "no"}:
        problems.append(("holds", "yes or no"))
    if typed and (minutes is None or minutes > LONGEST_MINUTES):
        problems.append(("recovery", f"whole minutes, 0 to {LONGEST_MINUTES:,}, or empty"))
    if problems:
        raise Invalid.of(problems)
    return holds == "yes", minutes * 60 if minutes is not None else None


urlpatterns = [
    path("experiments/EXP-<int:pk>/predict/", experiment_predict, name="experiment_predict"),
]
