"""Going live on a page: the lead's Go, the safety officer's answer, the teams' go / no-go."""

from __future__ import annotations

import hashlib
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from exercises.domain.errors import Invalid, NotAllowed, Refused
from exercises.models import Exercise, Participation
from exercises.models.due_work import database_now
from exercises.permissions import may
from exercises.queries.exercise_plan import ExperimentRow, experiment_rows
from exercises.queries.going_live import any_takes_two, no_go_for, open_request, poll_of
from exercises.queries.ladder import overrides_in
from exercises.queries.preflight import acknowledges_from, has_acknowledged
from exercises.queries.readiness import readiness_of, ready_experiments
from exercises.services.go_live import confirm_go, go_live, say_go
from exercises.services.taking_part import acknowledge, answer_poll, rule_no_go
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.errors import form_errors
from exercises.web.exercise_head import find_exercise, head
from exercises.web.numbers import whole


def fingerprint(request: HttpRequest) -> str:
    """Names the session without giving it away."""
    return hashlib.sha256((request.session.session_key or "").encode()).hexdigest()[:32]


@require_http_methods(["GET", "POST"])
@signed_in
def go(request: SignedInRequest, slug: str) -> HttpResponse:
    """What would start and when; then the lead's Go, alone or as the first of two."""
    exercise = find_exercise(request.actor, slug)
    if request.method == "GET":
        return _page(request, exercise)
    try:
        if any_takes_two(ready_experiments(exercise, now=database_now())):
            say_go(actor=request.actor, exercise=exercise, session=fingerprint(request))
            return redirect("exercise_go", slug)
        go_live(actor=request.actor, exercise=exercise)
    except Refused as error:
        return _page(request, exercise, refusals=error.refusals, status=409)
    return redirect("live_room", slug)


@require_POST
@signed_in
def confirm(request: SignedInRequest, slug: str) -> HttpResponse:
    """The safety officer's answer: the code of the exercise."""
    exercise = find_exercise(request.actor, slug)
    code = request.POST.get("code", "")
    try:
        confirm_go(actor=request.actor, exercise=exercise, code=code, session=fingerprint(request))
    except Refused as error:
        return _page(request, exercise, refusals=error.refusals, status=409)
    except Invalid as error:
        wrong = {"code": code[:80], "errors": form_errors(error)["code"]}
        return _page(request, exercise, wrong=wrong, status=422)
    return redirect("live_room", slug)


def _page(
    request: SignedInRequest,
    exercise: Exercise,
    *,
    refusals: tuple[Any, ...] = (),
    wrong: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    may_go = may(request.actor, "exercise.go", exercise)
    may_confirm = may(request.actor, "exercise.confirm_go", exercise)
    if not may_go and not may_confirm:
        raise NotAllowed("Only the exercise lead and the safety officer start an exercise.")
    own = exercise.experiments.first() if exercise.kind == "self_service" else None
    if own is not None and not refusals:
        return redirect("experiment_detail", own.pk)
    now = database_now()
    rows = experiment_rows(request.actor, exercise, now=now)
    items = readiness_of(exercise, now=now)
    proposed = [row for row in rows if row.experiment.status == "proposed"]
    held = no_go_for(exercise, [row.experiment for row in proposed])
    starting = [row for row in proposed if _starts(row) and row.experiment.pk not in held]
    asked = open_request(exercise, now=now)
    safety = exercise.safety_officer
    context = head(request.actor, exercise, rows) | {
        "readiness": items,
        "ready_count": sum(item.status == "ok" for item in items),
        "overrides": overrides_in(exercise),
        "blocking": [item for item in items if item.blocks],
        "starting": starting,
        "left_out": [row for row in proposed if not row.approval.is_complete],
        "held_back": [row for row in proposed if row.experiment.pk in held],
        "has_waves": len({row.experiment.wave for row in starting}) > 1,
        "takes_two": any_takes_two([row.experiment for row in starting]),
        "asked": asked,
        "is_mine": asked is not None and asked.said_by_id == request.actor.user_id,
        "may_go": may_go,
        "may_confirm": may_confirm,
        "in_production": sum(
            row.experiment.deployment.place.account.is_production for row in starting
        ),
        "switch_to": safety
        if settings.CHAOSPLANE_DEMO and safety and safety.is_demo and may_go
        else None,
        "refusals": refusals,
        "wrong": wrong,
        "now": now,
    }
    return render(request, "exercises/go.html", context, status=status)


def _starts(row: ExperimentRow) -> bool:
    return row.experiment.status == "proposed" and row.approval.is_complete


@require_http_methods(["GET", "POST"])
@signed_in
def poll(request: SignedInRequest, slug: str) -> HttpResponse:
    """Go or no-go of everybody who takes part, and who is on call."""
    exercise = find_exercise(request.actor, slug)
    if request.method == "GET":
        return _poll(request, exercise)
    participation = _participation(request, exercise)
    reason = request.POST.get("reason", "")
    try:
        answer_poll(
            actor=request.actor,
            participation=participation,
            is_go=request.POST.get("answer") == "go",
            reason=reason,
        )
    except Invalid as error:
        wrong = {"id": participation.pk, "reason": reason, "errors": form_errors(error)}
        return _poll(request, exercise, wrong=wrong)
    messages.success(request, f"{participation.application.name}: answer saved.")
    return redirect("exercise_poll", slug)


@require_POST
@signed_in
def on_call(request: SignedInRequest, slug: str) -> HttpResponse:
    """I am on call for this window, and there."""
    exercise = find_exercise(request.actor, slug)
    participation = _participation(request, exercise)
    acknowledge(actor=request.actor, participation=participation)
    messages.success(request, f"{participation.application.name}: you are on call.")
    return redirect("exercise_poll", slug)


@require_POST
@signed_in
def no_go_rule(request: SignedInRequest, slug: str) -> HttpResponse:
    """What a no-go holds: its own experiments, or everything."""
    exercise = find_exercise(request.actor, slug)
    rule_no_go(actor=request.actor, exercise=exercise, holds=request.POST.get("holds", ""))
    return redirect("exercise_poll", slug)


@require_GET
@signed_in
def poll_list(request: SignedInRequest, slug: str) -> HttpResponse:
    """The answers alone, for the page to ask for every few seconds."""
    exercise = find_exercise(request.actor, slug)
    return render(request, "exercises/_poll_list.html", _poll_context(request, exercise))


def _participation(request: SignedInRequest, exercise: Exercise) -> Participation:
    return get_object_or_404(
        exercise.participations.select_related("application", "exercise", "on_call_person"),
        pk=whole(request.POST.get("participation", "")),
    )


def _poll_context(request: SignedInRequest, exercise: Exercise) -> dict[str, Any]:
    return {"exercise": exercise, "poll": poll_of(exercise), "now": database_now()}


def _poll(
    request: SignedInRequest, exercise: Exercise, *, wrong: dict[str, Any] | None = None
) -> HttpResponse:
    now = database_now()
    rows = experiment_rows(request.actor, exercise, now=now)
    context = head(request.actor, exercise, rows) | _poll_context(request, exercise)
    opens_at = acknowledges_from(exercise)
    found = context["poll"]
    mine = [
        {
            "line": line,
            "may_poll": may(request.actor, "participation.poll", line.participation.application),
            "may_acknowledge": may(request.actor, "participation.acknowledge", line.participation)
            and bool(line.participation.on_call),
            "is_there": has_acknowledged(exercise, line.participation),
            "is_own": line.participation.application.team_id in request.actor.team_roles
            or line.participation.on_call_person_id == request.actor.user_id,
        }
        for line in found.lines
    ]
    context |= {
        "own": [
            one for one in mine if one["is_own"] and (one["may_poll"] or one["may_acknowledge"])
        ],
        "others": [one for one in mine if one["may_poll"] and not one["is_own"]],
        "is_open": exercise.phase in {"preflight", "live"},
        "opens_at": opens_at,
        "is_early": now < opens_at,
        "wrong": wrong,
    }
    return render(request, "exercises/poll.html", context, status=422 if wrong else 200)


urlpatterns = [
    path("exercises/<slug:slug>/go/", go, name="exercise_go"),
    path("exercises/<slug:slug>/go/confirm/", confirm, name="exercise_confirm_go"),
    path("exercises/<slug:slug>/poll/", poll, name="exercise_poll"),
    path("exercises/<slug:slug>/poll/list/", poll_list, name="exercise_poll_list"),
    path("exercises/<slug:slug>/poll/on-call/", on_call, name="exercise_on_call"),
    path("exercises/<slug:slug>/poll/rule/", no_go_rule, name="exercise_no_go_rule"),
]
