"""Schedules: the list, one with what it makes, the form with its preview, suspend and resume."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from exercises.domain.errors import Invalid
from exercises.models import Schedule
from exercises.models.due_work import database_now
from exercises.permissions import authorize, may
from exercises.queries.schedules import effect_of, preview, schedule_detail, schedule_rows
from exercises.services.release import resume_schedule
from exercises.services.schedules import (
    change_schedule,
    check_times,
    create_programme,
    create_schedule,
    suspend_schedule,
)
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.forms.schedules import FIELD_OF, ScheduleForm, typed_of
from exercises.web.forms.setup import add_problems
from exercises.web.numbers import whole


@require_GET
@signed_in
def schedule_list(request: SignedInRequest) -> HttpResponse:
    """Every schedule with its next edition."""
    context = {
        "rows": schedule_rows(now=database_now()),
        "may_manage": may(request.actor, "schedule.manage"),
    }
    return render(request, "schedules/list.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def schedule_new(request: SignedInRequest) -> HttpResponse:
    """Set up a schedule, for a programme that is there or a new one."""
    authorize(request.actor, "schedule.manage")
    form = ScheduleForm(request.POST or None)
    if request.method == "POST" and "preview" not in request.POST and form.is_valid():
        form.needs_programme()
        if form.is_valid():
            try:
                schedule = _create(request, form)
            except Invalid as error:
                add_problems(form, error, FIELD_OF)
            else:
                messages.success(request, "The schedule is set up. Its editions are made now.")
                return redirect("schedule_detail", schedule.pk)
    return _form(request, form, None)


def _create(request: SignedInRequest, form: ScheduleForm) -> Schedule:
    data = form.cleaned_data
    with transaction.atomic():
        programme = data["programme"] or create_programme(
            actor=request.actor,
            name=data["new_programme"],
            lead=data["lead"],
            safety_officer=data["safety_officer"],
        )
        return create_schedule(actor=request.actor, programme=programme, times=form.times())


@require_GET
@signed_in
def schedule_page(request: SignedInRequest, pk: int) -> HttpResponse:
    """What comes, what was made for it, what was missed."""
    schedule = _find(pk)
    context = {
        "schedule": schedule,
        "detail": schedule_detail(request.actor, schedule, now=database_now()),
        "may_manage": may(request.actor, "schedule.manage", schedule),
        "may_resume": may(request.actor, "schedule.resume", schedule),
    }
    return render(request, "schedules/detail.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def schedule_change(request: SignedInRequest, pk: int) -> HttpResponse:
    """Another rule, with what it does to the editions ahead before it is saved."""
    schedule = _find(pk)
    authorize(request.actor, "schedule.manage", schedule)
    form = ScheduleForm(request.POST or None, initial=typed_of(schedule))
    if request.method == "POST" and "preview" not in request.POST and form.is_valid():
        try:
            effect = change_schedule(actor=request.actor, schedule=schedule, times=form.times())
        except Invalid as error:
            add_problems(form, error, FIELD_OF)
        else:
            kept = len(effect.unmatched)
            messages.success(
                request,
                f"Changed: {len(effect.creates)} new editions, {len(effect.leaves)} stay"
                + (f", {kept} no longer match and stay." if kept else "."),
            )
            return redirect("schedule_detail", pk)
    return _form(request, form, schedule)


@require_POST
@signed_in
def schedule_preview(request: SignedInRequest) -> HttpResponse:
    """The preview alone, for the form as it is typed."""
    authorize(request.actor, "schedule.manage")
    form = ScheduleForm(request.POST)
    known = whole(request.POST.get("schedule", "")) or 0
    schedule = Schedule.objects.filter(pk=known).first()
    return render(request, "schedules/_preview.html", _previewed(form, schedule))


@require_POST
@signed_in
def schedule_suspend(request: SignedInRequest, pk: int) -> HttpResponse:
    """Make no further editions until it is resumed."""
    suspend_schedule(actor=request.actor, schedule=_find(pk))
    messages.success(request, "Suspended. Editions that are there stay.")
    return redirect("schedule_detail", pk)


@require_POST
@signed_in
def schedule_resume(request: SignedInRequest, pk: int) -> HttpResponse:
    """Make editions again. What was missed meanwhile is not caught up."""
    resume_schedule(actor=request.actor, schedule=_find(pk))
    messages.success(request, "Resumed. What was missed is not caught up.")
    return redirect("schedule_detail", pk)


def _find(pk: int) -> Schedule:
    return get_object_or_404(Schedule.objects.select_related("programme"), pk=pk)


def _form(request: SignedInRequest, form: ScheduleForm, schedule: Schedule | None) -> HttpResponse:
    asked = "preview" in request.POST
    context = {"form": form, "schedule": schedule} | _previewed(form, schedule)
    status = 422 if form.is_bound and form.errors and not asked else 200
    return render(request, "schedules/form.html", context, status=status)


def _previewed(form: ScheduleForm, schedule: Schedule | None) -> dict[str, object]:
    """The next occurrences of what is typed, or why there are none to show."""
    if not form.is_bound or not form.is_valid():
        return {"previewed": (), "unread": form.is_bound}
    now, times = database_now(), form.times()
    try:
        check_times(times, now=now)
    except Invalid as error:
        return {"previewed": (), "problem": "; ".join(text for _, text in error.problems)}
    found: dict[str, object] = {"previewed": preview(times.rule, now=now)}
    if schedule is not None:
        found["effect"] = effect_of(schedule, times.rule, horizon_days=times.horizon_days, now=now)
    return found


urlpatterns = [
    path("schedules/", schedule_list, name="schedule_list"),
    path("schedules/new/", schedule_new, name="schedule_new"),
    path("schedules/preview/", schedule_preview, name="schedule_preview"),
    path("schedules/<int:pk>/", schedule_page, name="schedule_detail"),
    path("schedules/<int:pk>/change/", schedule_change, name="schedule_change"),
    path("schedules/<int:pk>/suspend/", schedule_suspend, name="schedule_suspend"),
    path("schedules/<int:pk>/resume/", schedule_resume, name="schedule_resume"),
]
