"""The live room: what runs, what it does to the application, and what people saw.

Works before the first run starts and after the last has ended; the stream keeps it fresh.
"""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_GET, require_POST

from exercises.domain.errors import Invalid
from exercises.models import Exercise, Experiment, Run, RunEvent
from exercises.models.due_work import database_now
from exercises.permissions import may
from exercises.queries.live_room import RoomView, live_room
from exercises.services.detection import acknowledge_run
from exercises.services.exercises import add_note, pin_event, unpin_event
from exercises.services.judgements import say_how_it_is
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.errors import form_errors
from exercises.web.numbers import whole
from exercises.web.room_fragments import query_of, room_context
from exercises.web.room_people import people_in

NOTE_LIMIT = 1000


def view_asked(request: HttpRequest, exercise_id: int) -> RoomView:
    """The view that a query string asks for; what it cannot mean is as if not said."""
    asked = request.GET if request.method == "GET" else request.POST
    return RoomView(
        exercise_id=exercise_id,
        experiment_id=whole(asked.get("experiment", "")),
        run_id=_uuid(asked.get("run", "")),
        notes_only=asked.get("log") == "notes",
        as_table=asked.get("view") == "table",
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@require_GET
@signed_in
def room(request: SignedInRequest, slug: str) -> HttpResponse:
    found = _exercise(request, slug)
    return _page(request, view_asked(request, found.pk))


@require_POST
@signed_in
def note(request: SignedInRequest, slug: str) -> HttpResponse:
    exercise = _exercise(request, slug)
    view = view_asked(request, exercise.pk)
    experiment = (
        Experiment.objects.visible_to(request.actor)
        .filter(pk=view.experiment_id or 0, exercise=exercise)
        .first()
    )
    text, is_pinned = request.POST.get("text", ""), bool(request.POST.get("pin"))
    try:
        add_note(
            actor=request.actor,
            exercise=exercise,
            text=text,
            experiment=experiment,
            is_pinned=is_pinned,
        )
    except Invalid as error:
        typed = {"text": text, "pin": is_pinned, "errors": form_errors(error)}
        return _page(request, view, note=typed, status=422)
    return _back(slug, view)


@require_POST
@signed_in
def pin(request: SignedInRequest, slug: str) -> HttpResponse:
    """Mark a line of the log for the debrief, or take the mark off."""
    exercise = _exercise(request, slug)
    off = "unpin" in request.POST
    event_id = whole(request.POST.get("unpin" if off else "pin", ""))
    event = get_object_or_404(RunEvent, pk=event_id, exercise=exercise)
    if off:
        unpin_event(actor=request.actor, event=event)
    else:
        pin_event(actor=request.actor, event=event)
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204)
    return _back(slug, view_asked(request, exercise.pk))


@require_POST
@signed_in
def acknowledge(request: SignedInRequest, run_id: UUID) -> HttpResponse:
    """Somebody sees the fault of one run."""
    runs = Run.objects.visible_to(request.actor).select_related("experiment__exercise").distinct()
    run = get_object_or_404(runs, pk=run_id)
    acknowledge_run(actor=request.actor, run=run)
    exercise = run.experiment.exercise
    query = query_of(view_asked(request, exercise.pk)) or f"run={run.pk}"
    return redirect(reverse("live_room", args=[exercise.slug]) + f"?{query}#chain-h")


@require_POST
@signed_in
def judge(request: SignedInRequest, run_id: UUID) -> HttpResponse:
    """Somebody says how a probe is that people judge."""
    runs = Run.objects.visible_to(request.actor).select_related("experiment__exercise").distinct()
    run = get_object_or_404(runs, pk=run_id)
    is_steady = "steady" in request.POST
    say_how_it_is(
        actor=request.actor,
        run=run,
        probe=request.POST.get("steady" if is_steady else "not_steady", ""),
        is_steady=is_steady,
        note=request.POST.get("note", ""),
    )
    exercise = run.experiment.exercise
    query = query_of(view_asked(request, exercise.pk)) or f"run={run.pk}"
    return redirect(reverse("live_room", args=[exercise.slug]) + f"?{query}#ss-h")


def _exercise(request: SignedInRequest, slug: str) -> Exercise:
    return get_object_or_404(Exercise.objects.visible_to(request.actor), slug=slug)


def _back(slug: str, view: RoomView) -> HttpResponse:
    query = query_of(view)
    return redirect(reverse("live_room", args=[slug]) + (f"?{query}" if query else "") + "#log-h")


def _page(
    request: SignedInRequest,
    view: RoomView,
    *,
    note: dict[str, object] | None = None,
    status: int = 200,
) -> HttpResponse:
    found = live_room(view, now=database_now())
    others = people_in(view.exercise_id)
    people = None if others is None else len(others | {request.actor.person_id})
    context = room_context(found, view, people=people) | {
        "note": note or {},
        "note_limit": NOTE_LIMIT,
        "may_continue": may(request.actor, "exercise.continue", found.exercise),
    }
    return render(request, "room/room.html", context, status=status)


urlpatterns = [
    path("exercises/<slug:slug>/live/", room, name="live_room"),
    path("exercises/<slug:slug>/notes/", note, name="run_note"),
    path("runs/<uuid:run_id>/acknowledge/", acknowledge, name="run_acknowledge"),
    path("runs/<uuid:run_id>/judge/", judge, name="run_judge"),
    path("exercises/<slug:slug>/pins/", pin, name="run_pin"),
]
