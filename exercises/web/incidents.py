"""Incidents that other tools reported: what holds starts now, what did; resolving by hand."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_POST

from exercises.models import Incident
from exercises.permissions import may
from exercises.queries.freezes import scope_words
from exercises.queries.incidents import incidents_shown, shown_scope
from exercises.services.incidents import resolve_incident
from exercises.web.access import SignedInRequest, signed_in

PAGE_SIZE: Final = 25
SHOWN: Final = (("open", "Open"), ("resolved", "Resolved"))


@signed_in
@require_GET
def incident_list(request: SignedInRequest) -> HttpResponse:
    """Open ones first asked for; who may resolve one is offered to."""
    show = request.GET.get("show", "open")
    if show not in dict(SHOWN):
        show = "open"
    page = Paginator(incidents_shown(show), PAGE_SIZE).get_page(request.GET.get("page"))
    rows = [
        (i, scope_words(i), may(request.actor, "incident.report", shown_scope(i))) for i in page
    ]
    context = {"page": page, "rows": rows, "show": show, "shown": SHOWN}
    return render(request, "incidents/list.html", context)


@signed_in
@require_POST
def incident_resolve(request: SignedInRequest, number: int) -> HttpResponse:
    """Say that it is over, where the tool that reported it does not."""
    incident = resolve_incident(
        actor=request.actor, incident=get_object_or_404(Incident, pk=number)
    )
    messages.success(request, f"{incident.title} is resolved: it holds nothing any more.")
    return redirect("incident_list")


urlpatterns = [
    path("policy/incidents/", incident_list, name="incident_list"),
    path("policy/incidents/<int:number>/resolve/", incident_resolve, name="incident_resolve"),
]
