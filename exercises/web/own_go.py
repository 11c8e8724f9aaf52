"""Go of two people for an experiment on its own, on the experiment's page."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.views.decorators.http import require_POST

from exercises.domain.errors import Invalid, Refused
from exercises.models import Experiment
from exercises.queries.compose import editable_experiment
from exercises.services.own_go import confirm_own_go, say_own_go
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.errors import form_errors
from exercises.web.experiments import experiment_page
from exercises.web.go_live import fingerprint


@require_POST
@signed_in
def go(request: SignedInRequest, pk: int) -> HttpResponse:
    """The first word, by somebody of the team."""
    experiment = _experiment(request, pk)
    try:
        say_own_go(actor=request.actor, experiment=experiment, session=fingerprint(request))
    except Refused as error:
        return experiment_page(request, experiment, refusals=error.refusals, status=409)
    return redirect("experiment_detail", pk)


@require_POST
@signed_in
def confirm(request: SignedInRequest, pk: int) -> HttpResponse:
    """The safety officer's answer: the code of the experiment."""
    experiment = _experiment(request, pk)
    code = request.POST.get("code", "")
    try:
        confirm_own_go(
            actor=request.actor, experiment=experiment, code=code, session=fingerprint(request)
        )
    except Refused as error:
        return experiment_page(request, experiment, refusals=error.refusals, status=409)
    except Invalid as error:
        wrong = {"code": code[:80], "errors": form_errors(error)["code"]}
        return experiment_page(request, experiment, wrong=wrong, status=422)
    messages.success(request, f"{experiment.code} starts at its slot.")
    return redirect("experiment_detail", pk)


def _experiment(request: SignedInRequest, pk: int) -> Experiment:
    experiment = editable_experiment(request.actor, pk)
    if experiment is None:
        raise Http404("no such experiment")
    return experiment


urlpatterns = [
    path("experiments/EXP-<int:pk>/go/", go, name="experiment_go"),
    path("experiments/EXP-<int:pk>/go/confirm/", confirm, name="experiment_confirm_go"),
]
