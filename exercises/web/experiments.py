"""Experiments: the list of all that one sees, and one with its plan, approvals and runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_POST

from exercises.domain.errors import Refusal
from exercises.domain.lambda_documents import written
from exercises.models import Experiment, Team
from exercises.models.due_work import database_now
from exercises.permissions import may
from exercises.queries.compose import OPEN_PHASES, editable_experiment
from exercises.queries.experiment_pages import (
    STATUSES,
    listed_experiments,
    revision_changes,
    rows_of,
    subject_of,
)
from exercises.queries.going_live import own_go
from exercises.queries.loads import newest_loads
from exercises.queries.mentors import experiment_ladder
from exercises.queries.predictions import expectations_of
from exercises.services.preflight import preview_targets
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.load_charts import load_figures
from exercises.web.looks import VERDICT_CHOICES

ON_A_PAGE = 25


@signed_in
@require_GET
def experiment_list(request: SignedInRequest) -> HttpResponse:
    """Every experiment one may see, filtered by text, state, verdict and team."""
    chosen = {name: request.GET.get(name, "") for name in ("q", "status", "verdict", "team")}
    found = listed_experiments(
        request.actor,
        text=chosen["q"],
        status=chosen["status"],
        verdict=chosen["verdict"],
        team=chosen["team"],
    )
    page = Paginator(found, ON_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": rows_of(list(page), now=database_now()),
        "chosen": chosen,
        "is_filtered": any(chosen.values()),
        "statuses": STATUSES,
        "verdicts": VERDICT_CHOICES,
        "teams": Team.objects.filter(applications__isnull=False).distinct(),
    }
    return render(request, "experiments/experiment_list.html", context)


@signed_in
@require_GET
def experiment_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    """The plan, who agreed, what pre-flight said, every revision and every run."""
    experiment = editable_experiment(request.actor, pk)
    if experiment is None:
        raise Http404("no such experiment")
    return experiment_page(request, experiment)


def experiment_page(
    request: SignedInRequest,
    experiment: Experiment,
    *,
    refusals: Sequence[Refusal] = (),
    wrong: Mapping[str, Any] | None = None,
    expected: Mapping[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page of one experiment; with what was refused when Go was said on it."""
    now = database_now()
    going = own_go(experiment, now=now)
    is_open = experiment.exercise.phase in OPEN_PHASES and experiment.status != "withdrawn"
    runs = experiment.runs.select_related("revision").order_by("-scheduled_at")
    ladder = experiment_ladder(request.actor, experiment, now=now)
    loaded_run, loads = newest_loads(runs)
    context = {
        "experiment": experiment,
        "subject": subject_of(experiment, now=now),
        "revisions": revision_changes(experiment),
        "runs": list(runs),
        "loaded_run": loaded_run,
        "loads": load_figures(loads),
        "ladder": ladder,
        "may_sign_off": experiment.status == "proposed"
        and is_open
        and ladder.own_team is not None
        and ladder.lacks_mentor
        and may(request.actor, "mentor.sign_off", experiment.application),
        "preflight": list(experiment.preflight_checks.all()),
        "may_look": experiment.revision is not None
        and is_open
        and may(request.actor, "experiment.preflight", experiment),
        "may_edit": is_open and may(request.actor, "experiment.edit", experiment),
        "own_go": going,
        "is_mine": bool(going and going.asked and going.asked.said_by_id == request.actor.user_id),
        "may_go": going is not None and may(request.actor, "experiment.go", experiment),
        "may_confirm": going is not None
        and may(request.actor, "exercise.confirm_go", experiment.exercise),
        "written": written(experiment.revision.plan["definition"]) if experiment.revision else (),
        "refusals": refusals,
        "wrong": wrong,
        "expectations": expectations_of(request.actor, experiment),
        "may_predict": may(request.actor, "experiment.predict", experiment),
        "expected": expected or {},
    }
    return render(request, "experiments/experiment_detail.html", context, status=status)


@signed_in
@require_POST
def experiment_targets(request: SignedInRequest, pk: int) -> HttpResponse:
    """Look up anew what would be hit."""
    experiment = editable_experiment(request.actor, pk)
    if experiment is None:
        raise Http404("no such experiment")
    preview_targets(actor=request.actor, experiment=experiment)
    return redirect("experiment_detail", pk=pk)


urlpatterns = [
    path("experiments/", experiment_list, name="experiment_list"),
    path("experiments/EXP-<int:pk>/", experiment_detail, name="experiment_detail"),
    path("experiments/EXP-<int:pk>/targets/", experiment_targets, name="experiment_targets"),
]
