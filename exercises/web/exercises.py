"""The pages of exercises: the list, planning one, its tabs, Go, and what moves it on."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from exercises.domain.errors import Invalid
from exercises.domain.exercise_phases import ORDER, Phase
from exercises.domain.rotation import FORMULA
from exercises.models import Application, RunEvent
from exercises.models.due_work import database_now
from exercises.permissions import authorize, may
from exercises.queries.exercise_list import exercise_list, group_counts
from exercises.queries.exercise_plan import experiment_rows
from exercises.queries.going_live import any_takes_two
from exercises.queries.ladder import overrides_in
from exercises.queries.readiness import readiness_of
from exercises.queries.rotation import suggested_participants
from exercises.queries.run_sheet import RunSheet, run_sheet
from exercises.services.exercises import invite, move_exercise, plan_exercise
from exercises.services.taking_part import answer_invitation
from exercises.web import charts
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.errors import form_errors
from exercises.web.exercise_head import find_exercise, head
from exercises.web.forms.exercises import FIELD_OF, ExerciseForm
from exercises.web.forms.setup import add_problems
from exercises.web.numbers import whole

PAGE = 25
LOG_PAGE = 50


@require_GET
@signed_in
def exercises(request: SignedInRequest) -> HttpResponse:
    """All exercises one may see, by phase and words."""
    group, words = request.GET.get("phase", ""), request.GET.get("q", "").strip()[:100]
    found = exercise_list(request.actor, group=group, words=words)
    counts = group_counts(request.actor)
    context = {
        "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
        "group": group,
        "words": words,
        "groups": [
            ("ahead", "Ahead", counts["ahead"]),
            ("live", "Live", counts["live"]),
            ("debrief", "In debrief", counts["debrief"]),
            ("past", "Past", counts["past"]),
        ],
        "total": sum(counts.values()),
        "may_plan": may(request.actor, "exercise.plan"),
    }
    return render(request, "exercises/list.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def new(request: SignedInRequest) -> HttpResponse:
    """Plan an exercise by hand."""
    authorize(request.actor, "exercise.plan")
    form = ExerciseForm(request.POST or None, initial={"lead": request.actor.user_id})
    if request.method == "POST" and form.is_valid():
        try:
            exercise = plan_exercise(actor=request.actor, **form.values())
        except Invalid as error:
            add_problems(form, error, FIELD_OF)
        else:
            messages.success(request, f"{exercise.name} is planned. Invite its applications next.")
            return redirect("exercise_participants", exercise.slug)
    status = 422 if form.errors else 200
    return render(request, "exercises/new.html", {"form": form}, status=status)


@require_GET
@signed_in
def overview(request: SignedInRequest, slug: str) -> HttpResponse:
    """Run sheet, experiments, readiness and participants on one page."""
    now = database_now()
    exercise = find_exercise(request.actor, slug)
    rows = experiment_rows(request.actor, exercise, now=now)
    items = readiness_of(exercise, now=now)
    context = head(request.actor, exercise, rows) | {
        "sheet": drawn(run_sheet(rows)),
        "readiness": items,
        "ready_count": sum(item.status == "ok" for item in items),
        "overrides": overrides_in(exercise),
        "takes_two": any_takes_two(
            row.experiment for row in rows if row.experiment.status == "proposed"
        ),
    }
    return render(request, "exercises/overview.html", context)


@require_GET
@signed_in
def participants(request: SignedInRequest, slug: str) -> HttpResponse:
    """Who was invited, who answers and who is on call."""
    exercise = find_exercise(request.actor, slug)
    return _participants(request, exercise)


def _participants(
    request: SignedInRequest, exercise: Any, *, wrong: dict[str, Any] | None = None
) -> HttpResponse:
    rows = experiment_rows(request.actor, exercise, now=database_now())
    context = head(request.actor, exercise, rows)
    invited = [p.application_id for p in context["participations"]]
    context |= {
        "answers": [
            (
                p,
                not context["has_ended"]
                and may(request.actor, "participation.answer", p.application),
            )
            for p in context["participations"]
        ],
        "invitable": Application.objects.exclude(pk__in=invited).select_related("team")
        if context["may_lead"] and context["takes_proposals"]
        else Application.objects.none(),
        "wrong": wrong,
        "suggested": suggested_participants(exercise, now=database_now())
        if context["may_lead"] and context["takes_proposals"]
        else [],
        "formula": FORMULA,
    }
    return render(request, "exercises/participants.html", context, status=422 if wrong else 200)


@require_POST
@signed_in
def invite_applications(request: SignedInRequest, slug: str) -> HttpResponse:
    """Invite the ticked applications."""
    exercise = find_exercise(request.actor, slug)
    ticked = [whole(value) or 0 for value in request.POST.getlist("application")]
    applications = list(Application.objects.filter(pk__in=ticked))
    if not applications:
        messages.error(request, "Tick at least one application to invite.")
    else:
        invite(actor=request.actor, exercise=exercise, applications=applications)
        count = len(applications)
        messages.success(request, f"Invited {count} application{'s' if count > 1 else ''}.")
    return redirect("exercise_participants", slug)


@require_POST
@signed_in
def answer(request: SignedInRequest, slug: str, participation_id: int) -> HttpResponse:
    """Join, naming who is on call, or decline."""
    exercise = find_exercise(request.actor, slug)
    participation = get_object_or_404(
        exercise.participations.select_related("application", "exercise"), pk=participation_id
    )
    on_call = request.POST.get("on_call", "")
    try:
        answer_invitation(
            actor=request.actor,
            participation=participation,
            answer=request.POST.get("answer", ""),
            on_call=on_call,
        )
    except Invalid as error:
        wrong = {"id": participation.pk, "on_call": on_call, "errors": form_errors(error)}
        return _participants(request, exercise, wrong=wrong)
    messages.success(request, f"{participation.application.name}: answer saved.")
    return redirect("exercise_participants", slug)


@require_GET
@signed_in
def experiments(request: SignedInRequest, slug: str) -> HttpResponse:
    """The experiments, all or those that need something."""
    exercise = find_exercise(request.actor, slug)
    rows = experiment_rows(request.actor, exercise, now=database_now())
    waiting = [row for row in rows if row.status == "waiting"]
    problems = [row for row in rows if row.problem]
    show = request.GET.get("show", "")
    shown = {"waiting": waiting, "problems": problems}.get(show, list(rows))
    context = head(request.actor, exercise, rows) | {
        "show": show,
        "shown": shown,
        "waiting_total": len(waiting),
        "problem_total": len(problems),
    }
    return render(request, "exercises/experiments.html", context)


@require_GET
@signed_in
def approvals(request: SignedInRequest, slug: str) -> HttpResponse:
    """Which approvals each experiment has and lacks."""
    exercise = find_exercise(request.actor, slug)
    rows = experiment_rows(request.actor, exercise, now=database_now())
    context = head(request.actor, exercise, rows) | {
        "proposed": [row for row in rows if row.experiment.status == "proposed"]
    }
    return render(request, "exercises/approvals.html", context)


@require_GET
@signed_in
def activity(request: SignedInRequest, slug: str) -> HttpResponse:
    """Everything that happened, newest first."""
    exercise = find_exercise(request.actor, slug)
    rows = experiment_rows(request.actor, exercise, now=database_now())
    events = RunEvent.objects.filter(exercise=exercise).select_related("run__experiment")
    context = head(request.actor, exercise, rows) | {
        "page": Paginator(events, LOG_PAGE).get_page(request.GET.get("page"))
    }
    return render(request, "exercises/activity.html", context)


@require_POST
@signed_in
def move(request: SignedInRequest, slug: str) -> HttpResponse:
    """On to the phase the button named."""
    exercise = find_exercise(request.actor, slug)
    named = request.POST.get("to", "")
    if named not in {phase.value for phase in ORDER}:
        raise Http404("no such phase")
    moved = move_exercise(actor=request.actor, exercise=exercise, to=Phase(named))
    messages.success(request, f"{moved.name} is now in phase {Phase(moved.phase).label}.")
    return redirect("exercise_detail", slug)


def drawn(sheet: RunSheet) -> dict[str, Any]:
    """The run sheet, drawn."""
    total = sheet.total_s or 60
    return {
        "rows": [
            (
                placed,
                charts.gantt_bar(
                    [charts.Bar(placed.offset_s, placed.row.duration_s, placed.row.bar)],
                    t0=0,
                    t1=total,
                ),
            )
            for placed in sheet.rows
        ],
        "axis": charts.gantt_axis(0, total),
        "total_s": sheet.total_s,
        "most_at_once": sheet.most_at_once,
        "waves": sheet.waves,
    }


urlpatterns = [
    path("exercises/", exercises, name="exercise_list"),
    path("exercises/new/", new, name="exercise_new"),
    path("exercises/<slug:slug>/", overview, name="exercise_detail"),
    path("exercises/<slug:slug>/participants/", participants, name="exercise_participants"),
    path("exercises/<slug:slug>/invite/", invite_applications, name="exercise_invite"),
    path(
        "exercises/<slug:slug>/participants/<int:participation_id>/", answer, name="exercise_answer"
    ),
    path("exercises/<slug:slug>/experiments/", experiments, name="exercise_experiments"),
    path("exercises/<slug:slug>/approvals/", approvals, name="exercise_approvals"),
    path("exercises/<slug:slug>/activity/", activity, name="exercise_activity"),
    path("exercises/<slug:slug>/move/", move, name="exercise_move"),
]
