"""Pre-flight of an exercise: the answers with their age, and asking again.

Each experiment is a few seconds of questions to AWS. With a script the page asks about one
after another and shows how far it is; without one, a single request asks about all.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_POST

from exercises.domain.actors import Actor
from exercises.models import Exercise, Experiment
from exercises.models.due_work import database_now
from exercises.permissions import may
from exercises.queries.exercise_plan import ExperimentRow, Rehearsal, experiment_rows, rehearsals
from exercises.services.preflight import run_check, run_preflight
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.exercise_head import find_exercise, head
from exercises.web.numbers import whole

Rows = tuple[ExperimentRow, ...]


@require_GET
@signed_in
def preflight(request: SignedInRequest, slug: str) -> HttpResponse:
    """Every answer with its age, the resolved targets and the rehearsals."""
    exercise = find_exercise(request.actor, slug)
    now = database_now()
    rows = experiment_rows(request.actor, exercise, now=now)
    context = head(request.actor, exercise, rows)
    found = _rehearsals(request.actor, rows, has_ended=context["has_ended"])
    context |= {
        "rehearsals": found,
        "may_run_count": sum(item.may_run for item in found),
        "now": now,
    }
    return render(request, "exercises/preflight.html", context)


@require_POST
@signed_in
def run_checks(request: SignedInRequest, slug: str) -> HttpResponse:
    """Run the checks of one experiment, or of all that this person may check."""
    exercise = find_exercise(request.actor, slug)
    chosen = _chosen(request, exercise)
    if not chosen:
        messages.error(request, "Nothing here that you may check has been proposed yet.")
        return _back(request, slug)
    if "check" in request.POST:
        return _one_check(request, slug, chosen[0])
    if request.headers.get("HX-Request") and len(chosen) > 1:
        at = whole(request.POST.get("step", ""))
        if at is None:
            return _progress(request, exercise, chosen, at=0)
        if at < len(chosen):
            run_preflight(actor=request.actor, experiment=chosen[at])
        if at + 1 < len(chosen):
            return _progress(request, exercise, chosen, at=at + 1)
    else:
        for experiment in chosen:
            run_preflight(actor=request.actor, experiment=experiment)
    _say_what_came_out(request, exercise, chosen)
    return _back(request, slug)


def _one_check(request: SignedInRequest, slug: str, experiment: Experiment) -> HttpResponse:
    """Ask one question again."""
    key = request.POST["check"]
    checks = run_check(actor=request.actor, experiment=experiment, key=key)
    [asked] = [check for check in checks if check.key == key]
    words = {"ok": "passed", "pending": "is under way", "warn": "passed with a warning"}
    say = messages.success if asked.status != "fail" else messages.warning
    say(request, f"{experiment.code}, {asked.label}: {words.get(asked.status, 'failed')}.")
    return _back(request, slug)


def _chosen(request: SignedInRequest, exercise: Exercise) -> list[Experiment]:
    one = request.POST.get("experiment", "")
    return [
        row.experiment
        for row in experiment_rows(request.actor, exercise, now=database_now())
        if row.experiment.status == "proposed"
        and (
            str(row.experiment.pk) == one
            if one
            else may(request.actor, "experiment.preflight", row.experiment)
        )
    ]


def _progress(
    request: SignedInRequest, exercise: Exercise, chosen: list[Experiment], *, at: int
) -> HttpResponse:
    """How far it is, the card that was just asked about, and the order to ask for the next."""
    context: dict[str, object] = {
        "exercise": exercise,
        "asked": chosen[at],
        "at": at,
        "total": len(chosen),
    }
    if at:
        now = database_now()
        rows = experiment_rows(request.actor, exercise, now=now)
        done = [row for row in rows if row.experiment.pk == chosen[at - 1].pk]
        context |= {"done": _rehearsals(request.actor, tuple(done)), "now": now}
    return render(request, "exercises/_preflight_progress.html", context)


def _rehearsals(actor: Actor, rows: Rows, *, has_ended: bool = False) -> tuple[Rehearsal, ...]:
    may_run = {
        row.experiment.pk: not has_ended and may(actor, "experiment.preflight", row.experiment)
        for row in rows
    }
    return rehearsals(rows, may_run=may_run)


def _say_what_came_out(
    request: SignedInRequest, exercise: Exercise, chosen: list[Experiment]
) -> None:
    checked = {experiment.pk for experiment in chosen}
    rows = experiment_rows(request.actor, exercise, now=database_now())
    failed = sum(bool(r.preflight.failed) for r in rows if r.experiment.pk in checked)
    if failed:
        messages.warning(request, f"Checked {len(checked)}: {failed} not ready, see what failed.")
    else:
        open_ = sum(bool(r.preflight.in_the_way) for r in rows if r.experiment.pk in checked)
        said = "Rehearsal started." if open_ else ""
        messages.success(request, f"Checked {len(checked)}: every check passed. {said}".strip())


def _back(request: SignedInRequest, slug: str) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Refresh": "true"})
    return redirect("exercise_preflight", slug)


urlpatterns = [
    path("exercises/<slug:slug>/preflight/", preflight, name="exercise_preflight"),
    path("exercises/<slug:slug>/preflight/run/", run_checks, name="exercise_preflight_run"),
]
