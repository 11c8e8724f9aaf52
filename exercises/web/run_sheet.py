"""The run sheet: waves and slots, printed or arranged; the hold points between waves; what is
called off and who joins late.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST

from exercises.domain.errors import Invalid
from exercises.domain.exercise_phases import Phase
from exercises.models import Exercise, Experiment
from exercises.models.due_work import database_now
from exercises.permissions import authorize, may
from exercises.queries.exercise_plan import experiment_rows
from exercises.queries.going_live import current_wave, waiting_hold
from exercises.queries.run_sheet import run_sheet
from exercises.services.cancel import cancel_exercise, cancel_experiment
from exercises.services.run_sheet import Place, arrange
from exercises.services.waves import continue_wave, join_late
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.errors import form_errors
from exercises.web.exercise_head import find_exercise, head
from exercises.web.exercises import drawn
from exercises.web.numbers import whole

_OPEN = frozenset({Phase.PLAN, Phase.JOIN, Phase.APPROVE, Phase.PREFLIGHT})


@require_http_methods(["GET", "POST"])
@signed_in
def sheet(request: SignedInRequest, slug: str) -> HttpResponse:
    """Everything in its order, by wave; until Go the lead arranges it here."""
    exercise = find_exercise(request.actor, slug)
    if request.method == "GET":
        return _sheet(request, exercise)
    try:
        voided = arrange(actor=request.actor, exercise=exercise, places=_places(request, exercise))
    except Invalid as error:
        return _sheet(request, exercise, errors=form_errors(error))
    messages.success(request, "The run sheet is saved.")
    if voided:
        titles = ", ".join(experiment.title for experiment in voided)
        messages.warning(
            request, f"Another slot is another content, approvals start again: {titles}"
        )
    return redirect("exercise_run_sheet", slug)


def _places(request: SignedInRequest, exercise: Exercise) -> list[Place]:
    """What was typed for each experiment. Raises Invalid that names the row."""
    places, problems = [], []
    for row in experiment_rows(request.actor, exercise, now=database_now()):
        pk = row.experiment.pk
        if f"{pk}-wave" not in request.POST:
            continue
        numbers = {}
        for name in ("wave", "slot"):
            number = whole(request.POST.get(f"{pk}-{name}", ""))
            if number is None:
                problems.append((f"{pk}.{name}", "a whole number"))
            else:
                numbers[name] = number
        if len(numbers) == 2:
            slot = numbers["slot"] * 60
            kept = row.offset_s if row.offset_s // 60 == numbers["slot"] else slot
            places.append(Place(pk, numbers["wave"], kept))
    if problems:
        raise Invalid.of(problems)
    return places


def _sheet(
    request: SignedInRequest, exercise: Exercise, *, errors: dict[str, list[str]] | None = None
) -> HttpResponse:
    rows = experiment_rows(request.actor, exercise, now=database_now())
    found = run_sheet(rows)
    context = head(request.actor, exercise, rows)
    may_arrange = context["may_lead"] and Phase(exercise.phase) in _OPEN
    planned = {placed.row.experiment.pk: placed for placed in found.rows}
    ordered = [
        {
            "row": row,
            "placed": planned.get(row.experiment.pk),
            "wave": request.POST.get(f"{row.experiment.pk}-wave", row.experiment.wave),
            "slot": request.POST.get(f"{row.experiment.pk}-slot", row.offset_s // 60),
            "wave_errors": (errors or {}).get(f"{row.experiment.pk}.wave"),
            "slot_errors": (errors or {}).get(f"{row.experiment.pk}.slot"),
            "may_edit": may_arrange and row.experiment.status in {"draft", "proposed"},
            "may_cancel": not context["has_ended"]
            and row.experiment.status in {"draft", "proposed"}
            and (row.run is None or row.run.state == "scheduled")
            and may(request.actor, "experiment.cancel", row.experiment),
        }
        for row in sorted(rows, key=lambda r: (r.experiment.wave, r.offset_s, r.experiment.pk))
    ]
    on = current_wave(exercise)
    context |= {
        "sheet": drawn(found),
        "is_run_sheet": True,
        "ordered": ordered,
        "may_arrange": may_arrange,
        "hold_points": {
            h.after_wave: h for h in exercise.hold_points.select_related("continued_by")
        },
        "hold": waiting_hold(exercise) if exercise.phase == Phase.LIVE.value else None,
        "next_wave": on + 1,
        "late": [
            row
            for row in rows
            if exercise.phase == Phase.LIVE.value
            and row.experiment.status == "proposed"
            and row.run is None
        ],
        "errors": errors,
    }
    return render(request, "exercises/run_sheet.html", context, status=422 if errors else 200)


@require_http_methods(["GET", "POST"])
@signed_in
def hold_point(request: SignedInRequest, slug: str) -> HttpResponse:
    """What waits at the hold point; then the lead's word."""
    exercise = find_exercise(request.actor, slug)
    authorize(request.actor, "exercise.continue", exercise)
    if request.method == "POST":
        continue_wave(
            actor=request.actor,
            exercise=exercise,
            after_wave=whole(request.POST.get("after_wave", "")) or 0,
            reason=request.POST.get("reason", ""),
        )
        return redirect("live_room", slug)
    now = database_now()
    rows = experiment_rows(request.actor, exercise, now=now)
    hold = waiting_hold(exercise) if exercise.phase == Phase.LIVE.value else None
    before = [row for row in rows if hold and row.experiment.wave <= hold.after_wave and row.run]
    context = head(request.actor, exercise, rows) | {
        "hold": hold,
        "still_running": [row for row in before if row.run and row.run.ended_at is None],
        "before": before,
        "next_rows": [
            row for row in rows if row.is_held and hold and row.experiment.wave > hold.after_wave
        ],
        "now": now,
    }
    return render(request, "exercises/hold_point.html", context)


@require_POST
@signed_in
def join(request: SignedInRequest, slug: str, pk: int) -> HttpResponse:
    """Take what became ready after Go into a wave that has not begun."""
    exercise = find_exercise(request.actor, slug)
    experiment = get_object_or_404(exercise.experiments, pk=pk)
    wave = whole(request.POST.get("wave", "")) or 0
    try:
        join_late(actor=request.actor, experiment=experiment, wave=wave)
    except Invalid as error:
        messages.error(request, f"{experiment.title}: {error}")
    else:
        messages.success(request, f"{experiment.title} joins in wave {wave}.")
    return redirect("exercise_run_sheet", slug)


@require_http_methods(["GET", "POST"])
@signed_in
def cancel(request: SignedInRequest, slug: str) -> HttpResponse:
    """Ask why, then cancel: nothing of it will start."""
    exercise = find_exercise(request.actor, slug)
    authorize(request.actor, "exercise.advance", exercise)
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        try:
            cancel_exercise(
                actor=request.actor, exercise=exercise, reason=request.POST.get("reason", "")
            )
        except Invalid as error:
            errors = form_errors(error)
        else:
            messages.success(request, f"{exercise.name} is cancelled. Nothing of it will start.")
            return redirect("exercise_detail", slug)
    rows = experiment_rows(request.actor, exercise, now=database_now())
    context = head(request.actor, exercise, rows) | _reason(request, errors)
    return render(request, "exercises/cancel.html", context, status=422 if errors else 200)


@require_http_methods(["GET", "POST"])
@signed_in
def cancel_one(request: SignedInRequest, slug: str, pk: int) -> HttpResponse:
    """Ask why, then call one experiment off."""
    exercise = find_exercise(request.actor, slug)
    experiment = (
        Experiment.objects.visible_to(request.actor)
        .select_related("exercise", "application")
        .filter(exercise=exercise, pk=pk)
        .first()
    )
    if experiment is None:
        raise Http404("no such experiment")
    authorize(request.actor, "experiment.cancel", experiment)
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        try:
            cancel_experiment(
                actor=request.actor, experiment=experiment, reason=request.POST.get("reason", "")
            )
        except Invalid as error:
            errors = form_errors(error)
        else:
            messages.success(request, f"{experiment.title} is cancelled and will not start.")
            return redirect("exercise_run_sheet", slug)
    rows = experiment_rows(request.actor, exercise, now=database_now())
    context = head(request.actor, exercise, rows) | _reason(request, errors)
    context |= {"experiment": experiment}
    return render(request, "exercises/cancel.html", context, status=422 if errors else 200)


def _reason(request: SignedInRequest, errors: dict[str, list[str]]) -> dict[str, Any]:
    return {"reason": request.POST.get("reason", "")[:500], "errors": errors.get("reason")}


urlpatterns = [
    path("exercises/<slug:slug>/run-sheet/", sheet, name="exercise_run_sheet"),
    path("exercises/<slug:slug>/run-sheet/<int:pk>/join/", join, name="exercise_join_late"),
    path(
        "exercises/<slug:slug>/run-sheet/<int:pk>/cancel/",
        cancel_one,
        name="exercise_cancel_experiment",
    ),
    path("exercises/<slug:slug>/hold-point/", hold_point, name="exercise_hold_point"),
    path("exercises/<slug:slug>/cancel/", cancel, name="exercise_cancel"),
]
