"""A person's inbox: what they were told, read and acknowledged; and who was told of an exercise."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from exercises.domain.errors import ChaosplaneError
from exercises.domain.notices import Topic
from exercises.models import Notice, Participation
from exercises.models.due_work import database_now
from exercises.queries.exercise_plan import experiment_rows
from exercises.queries.notice_words import path_of
from exercises.queries.notices import SHOWN, inbox_of, notices_of, rows_of, told_of, unread_count
from exercises.services import inbox as services
from exercises.services.taking_part import acknowledge
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.calendar import zone_of
from exercises.web.exercise_head import find_exercise, head
from exercises.web.numbers import whole

PAGE_SIZE = 25


@signed_in
@require_GET
def inbox(request: SignedInRequest) -> HttpResponse:
    """What this person was told, unread first by default."""
    shown = request.GET.get("show", "unread")
    shown = shown if shown in dict(SHOWN) else "unread"
    page = Paginator(inbox_of(request.actor, shown), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": rows_of(page),
        "shown": shown,
        "choices": SHOWN,
        "zone": zone_of(request),
        "has_unread": unread_count(request.actor) > 0,
    }
    return render(request, "inbox/inbox.html", context)


@signed_in
@require_GET
def notice_open(request: SignedInRequest, number: int) -> HttpResponse:
    """Go to what a notice is about; having gone there, it is read."""
    notice = _find(request, number)
    services.mark_read(actor=request.actor, notices=[notice.pk])
    return redirect(path_of(notice.announcement))


@signed_in
@require_POST
def notices_read(request: SignedInRequest) -> HttpResponse:
    """Mark one, or without a number all of them, as read."""
    typed = request.POST.get("notice", "")
    number = whole(typed)
    if typed and number is None:
        raise Http404("no such notice")
    wanted = None if number is None else [number]
    count = services.mark_read(actor=request.actor, notices=wanted)
    if wanted is None:
        messages.success(request, f"{count} marked as read.")
    return _back(request)


@signed_in
@require_POST
def notice_acknowledge(request: SignedInRequest, number: int) -> HttpResponse:
    """One tap: the person has taken note. Who is on call thereby says that they are there."""
    notice = _find(request, number)
    try:
        _acknowledge_on_call(request, notice)
    except ChaosplaneError as error:
        messages.warning(request, f"Your on-call duty is not confirmed yet: {error}")
    services.acknowledge_notice(actor=request.actor, notice=notice)
    messages.success(request, "Acknowledged.")
    return _back(request)


def _acknowledge_on_call(request: SignedInRequest, notice: Notice) -> None:
    if notice.announcement.topic != Topic.HOUR_BEFORE:
        return
    mine = Participation.objects.filter(
        exercise=notice.announcement.exercise,
        on_call_person=request.actor.person_id,
        acknowledged_at__isnull=True,
    )
    for participation in mine:
        acknowledge(actor=request.actor, participation=participation)


def _find(request: SignedInRequest, number: int) -> Notice:
    notice = notices_of(request.actor).filter(pk=number).first()
    if notice is None:
        raise Http404("no such notice")
    return notice


def _back(request: SignedInRequest) -> HttpResponse:
    back = request.POST.get("back", "")
    if url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        return redirect(back)
    return redirect("inbox")


@signed_in
@require_GET
def exercise_told(request: SignedInRequest, slug: str) -> HttpResponse:
    """Who was told of an exercise, by which way, and who acknowledged it."""
    exercise = find_exercise(request.actor, slug)
    rows = experiment_rows(request.actor, exercise, now=database_now())
    context = head(request.actor, exercise, rows) | {"told": told_of(exercise)}
    return render(request, "exercises/told.html", context)


urlpatterns = [
    path("inbox/", inbox, name="inbox"),
    path("inbox/read/", notices_read, name="notices_read"),
    path("inbox/<int:number>/", notice_open, name="notice_open"),
    path("inbox/<int:number>/acknowledge/", notice_acknowledge, name="notice_acknowledge"),
    path("exercises/<slug:slug>/told/", exercise_told, name="exercise_told"),
]
