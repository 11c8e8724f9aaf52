"""The first page: what runs, what needs this person, what comes next."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET

from exercises.models.due_work import database_now
from exercises.permissions import may
from exercises.queries.home import home_of
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.exercise_head import steps


@require_GET
@signed_in
def home(request: SignedInRequest) -> HttpResponse:
    """One page, a constant number of queries."""
    now = database_now()
    found = home_of(request.actor, now=now)
    context = {
        "home": found,
        "now": now,
        "steps": steps(found.next.exercise, found.next.rows, found.next.participations)
        if found.next
        else [],
        "may_plan": may(request.actor, "exercise.plan"),
        "may_propose": bool(request.actor.team_roles),
    }
    return render(request, "home/home.html", context)


urlpatterns = [path("", home, name="home")]
