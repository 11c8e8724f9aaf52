"""The confidence ladder of one application and family, its mentors and its overrides."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_GET, require_POST

from exercises.domain.errors import Conflict, Invalid
from exercises.domain.failure_families import words_of
from exercises.domain.ladder import Level
from exercises.models import Application, MentorRequest, User
from exercises.models.due_work import database_now
from exercises.permissions import may
from exercises.queries.compose import editable_experiment
from exercises.queries.ladder import evidences
from exercises.queries.mentors import mentors_by_family, mentors_for, requests_to
from exercises.queries.team_overview import ladder_runs
from exercises.services.mentoring import (
    answer_mentor_request,
    ask_mentor,
    override_ladder,
    sign_off,
)
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.errors import form_errors
from exercises.web.numbers import whole

Errors = dict[str, list[str]]


@signed_in
@require_GET
def mentor_list(request: SignedInRequest) -> HttpResponse:
    """Who can help with what, and what this person was asked."""
    return _mentors(request)


def _mentors(request: SignedInRequest, *, wrong: dict[str, Any] | None = None) -> HttpResponse:
    context = {
        "families": mentors_by_family(now=database_now()),
        "asked": list(requests_to(request.actor)),
        "wrong": wrong,
    }
    return render(request, "ladder/mentors.html", context, status=422 if wrong else 200)


@signed_in
@require_POST
def mentor_answer(request: SignedInRequest, pk: int) -> HttpResponse:
    """Accept to help a team, or decline with a reason."""
    asked = get_object_or_404(
        MentorRequest.objects.select_related("application__team"),
        pk=pk,
        mentor_id=request.actor.user_id,
    )
    reason = request.POST.get("reason", "")
    try:
        answer_mentor_request(
            actor=request.actor,
            request=asked,
            answer=request.POST.get("answer", ""),
            reason=reason,
        )
    except Invalid as error:
        return _mentors(
            request, wrong={"id": asked.pk, "reason": reason, "errors": form_errors(error)}
        )
    messages.success(request, f"{asked.application.team.name} sees your answer.")
    return redirect("mentor_list")


@signed_in
@require_GET
def ladder_detail(request: SignedInRequest, slug: str, family: str) -> HttpResponse:
    """How far one application may go with one family of failures, and why."""
    return _ladder(request, _application(slug), family)


@signed_in
@require_POST
def mentor_ask(request: SignedInRequest, slug: str, family: str) -> HttpResponse:
    """Ask the chosen person to help."""
    application = _application(slug)
    try:
        mentor = _person(request.POST.get("mentor", ""))
        ask_mentor(
            actor=request.actor,
            application=application,
            family=family,
            mentor=mentor,
            message=request.POST.get("message", ""),
        )
    except Invalid as error:
        return _ladder(request, application, family, errors=form_errors(error))
    except Conflict as error:
        return _ladder(request, application, family, errors={"mentor": [str(error)]})
    messages.success(request, f"{mentor.name} was asked.")
    return redirect("ladder_detail", slug, family)


@signed_in
@require_POST
def ladder_override(request: SignedInRequest, slug: str, family: str) -> HttpResponse:
    """Open a level for a while, with a reason."""
    application = _application(slug)
    try:
        until = _end_of(request.POST.get("until", ""))
        override_ladder(
            actor=request.actor,
            application=application,
            family=family,
            level=whole(request.POST.get("level", "")) or 0,
            reason=request.POST.get("reason", ""),
            valid_until=until,
        )
    except Invalid as error:
        return _ladder(request, application, family, errors=form_errors(error))
    messages.success(
        request, f"The ladder of {application.name} is overridden until {until:%d %b}."
    )
    return redirect("ladder_detail", slug, family)


@signed_in
@require_POST
def experiment_sign_off(request: SignedInRequest, pk: int) -> HttpResponse:
    """A mentor agrees to the first run in production."""
    experiment = editable_experiment(request.actor, pk)
    if experiment is None:
        raise Http404("no such experiment")
    sign_off(
        actor=request.actor,
        experiment=experiment,
        digest_seen=request.POST.get("digest", ""),
        note=request.POST.get("note", ""),
    )
    messages.success(request, f"You signed {experiment.code} off.")
    return redirect("experiment_detail", pk=pk)


def _ladder(
    request: SignedInRequest, application: Application, family: str, *, errors: Errors | None = None
) -> HttpResponse:
    now = database_now()
    known = evidences([application.pk], now=now)
    if family not in known.families:
        raise Http404("no such family of failures")
    may_ask = may(request.actor, "mentor.ask", application)
    may_override = may(request.actor, "ladder.override", application)
    context = {
        "application": application,
        "family": family,
        "words": words_of(family),
        "ladder": known.ladder(application.pk, family),
        "runs": ladder_runs(request.actor, application, family)[:20],
        "mentors": mentors_for(application, family, now=now),
        "requests": application.mentor_requests.filter(failure_family=family).select_related(
            "mentor", "mentor_team", "asked_by"
        )[:20],
        "sign_offs": application.mentor_sign_offs.filter(failure_family=family).select_related(
            "mentor", "mentor_team", "experiment"
        )[:20],
        "overrides": application.ladder_overrides.filter(failure_family=family).select_related(
            "granted_by"
        )[:20],
        "now": now,
        "may_ask": may_ask,
        "may_override": may_override,
        "levels": [level for level in Level if level >= Level.TRIED_ZONE],
        "typed": request.POST,
        "errors": errors or {},
    }
    return render(request, "ladder/detail.html", context, status=422 if errors else 200)


def _person(chosen: str) -> User:
    person = User.objects.filter(pk=whole(chosen) or 0).first()
    if person is None:
        raise Invalid("mentor", "choose who you ask")
    return person


def _end_of(day: str) -> datetime:
    """The last minute of a day as typed."""
    try:
        found = parse_date(day)
    except ValueError:
        found = None
    if found is None:
        raise Invalid("valid_until", "a day, such as 2026-12-31")
    return timezone.make_aware(datetime.combine(found, time(23, 59)))


def _application(slug: str) -> Application:
    return get_object_or_404(Application.objects.select_related("team"), slug=slug)


_LADDER = "settings/applications/<slug:slug>/ladder/<slug:family>/"

urlpatterns = [
    path("mentors/", mentor_list, name="mentor_list"),
    path("mentors/<int:pk>/", mentor_answer, name="mentor_answer"),
    path(_LADDER, ladder_detail, name="ladder_detail"),
    path(f"{_LADDER}mentor/", mentor_ask, name="mentor_ask"),
    path(f"{_LADDER}override/", ladder_override, name="ladder_override"),
    path("experiments/EXP-<int:pk>/sign-off/", experiment_sign_off, name="experiment_sign_off"),
]
