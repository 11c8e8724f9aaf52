"""Stop, for everyone who sees what runs: one question, one answer, no script needed.

A POST without `confirm` gets the question as a page; with it everything is stopped in this
very request. The progress is then shown in the live room. Who holds a stop capability is answered
earlier, by web.stop_now, without session and database.
"""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from exercises.models import AccountRegion, Exercise, Programme, Recovery, Run, SafetyLever
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.queries.held import held
from exercises.queries.live_strip import live_exercises
from exercises.queries.stop_progress import stoppable_runs
from exercises.services.recovery import confirm_recovery
from exercises.services.release import release_lever, resume_schedule
from exercises.services.stop import stop_all, stop_region, stop_run
from exercises.web.access import SignedInRequest, signed_in


@require_GET
@signed_in
def everything(request: SignedInRequest) -> HttpResponse:
    """Everything this person can stop; short enough to open on any phone."""
    live = live_exercises(request.actor, database_now())
    context = {"live": live, "held": held(request.actor)}
    return render(request, "stop/everything.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def exercise(request: SignedInRequest, slug: str) -> HttpResponse:
    found = get_object_or_404(Exercise.objects.visible_to(request.actor), slug=slug)
    if request.method == "POST" and request.POST.get("confirm"):
        stop_all(actor=request.actor, exercise=found, reason=_reason(request))
        return redirect(reverse("live_room", args=[slug]) + "#stop")
    runs = stoppable_runs(found)
    context = {"exercise": found, "runs": runs, "running": [r for r in runs if r.is_running]}
    return render(request, "stop/exercise.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def run(request: SignedInRequest, run_id: UUID) -> HttpResponse:
    found = get_object_or_404(
        Run.objects.visible_to(request.actor).select_related("experiment__exercise"), pk=run_id
    )
    exercise = found.experiment.exercise
    if request.method == "POST" and request.POST.get("confirm"):
        stop_run(actor=request.actor, run=found, reason=_reason(request))
        room = reverse("live_room", args=[exercise.slug])
        return redirect(f"{room}?run={found.pk}#stop")
    return render(request, "stop/run.html", {"run": found, "exercise": exercise})


@require_http_methods(["GET", "POST"])
@signed_in
def account(request: SignedInRequest, account_id: str, region: str) -> HttpResponse:
    place = get_object_or_404(
        AccountRegion.objects.select_related("account"),
        account__account_id=account_id,
        region=region,
    )
    authorize(request.actor, "account.stop", place)
    if request.method == "POST" and request.POST.get("confirm"):
        stop_region(actor=request.actor, place=place, reason=_reason(request))
        return redirect("stop_everything")
    return render(request, "stop/account.html", {"place": place})


@require_POST
@signed_in
def release(request: SignedInRequest, lever_id: int) -> HttpResponse:
    lever = get_object_or_404(SafetyLever.objects.select_related("place__account"), pk=lever_id)
    release_lever(actor=request.actor, lever=lever)
    return redirect("stop_everything")


@require_POST
@signed_in
def resume(request: SignedInRequest, slug: str) -> HttpResponse:
    programme = get_object_or_404(Programme, slug=slug)
    for schedule in programme.schedules.filter(is_suspended=True):
        resume_schedule(actor=request.actor, schedule=schedule)
    if came_from := request.POST.get("exercise", ""):
        seen = Exercise.objects.visible_to(request.actor)
        return redirect("exercise_detail", get_object_or_404(seen, slug=came_from).slug)
    return redirect("stop_everything")


@require_POST
@signed_in
def confirm_restore(request: SignedInRequest, recovery_id: int) -> HttpResponse:
    confirm_recovery(actor=request.actor, recovery=get_object_or_404(Recovery, pk=recovery_id))
    return redirect("stop_everything")


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "").strip()[:500]


urlpatterns = [
    path("stop/", everything, name="stop_everything"),
    path("stop/accounts/<slug:account_id>/<slug:region>/", account, name="stop_account"),
    path("stop/levers/<int:lever_id>/release/", release, name="release_lever"),
    path("stop/schedules/<slug:slug>/resume/", resume, name="resume_schedule"),
    path("stop/restores/<int:recovery_id>/confirm/", confirm_restore, name="confirm_restore"),
    path("exercises/<slug:slug>/stop/", exercise, name="stop_exercise"),
    path("runs/<uuid:run_id>/stop/", run, name="stop_run"),
]
