"""Saved views of the list of findings: save, remove, and what the list shows of them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.views.decorators.http import require_POST

from exercises.domain.errors import Invalid
from exercises.models import SavedView, Team
from exercises.queries.findings import address_of_filters, read_filters
from exercises.services.saved_views import remove_view, save_view
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.errors import form_errors
from exercises.web.findings import findings_page


@signed_in
@require_POST
def finding_view_save(request: SignedInRequest) -> HttpResponse:
    """Keep the filters of this address under a name."""
    filters = read_filters(request.GET)
    try:
        view = save_view(
            actor=request.actor,
            name=request.POST.get("name", "").replace("\x00", ""),
            filters=filters,
            team=_team(request.POST.get("team", "")),
        )
    except Invalid as error:
        return findings_page(request, problems=form_errors(error), status=422)
    messages.success(request, f"The view “{view.name}” is saved.")
    return redirect(_list(filters_query=address_of_filters(filters)))


def _team(slug: str) -> Team | None:
    if not slug:
        return None
    team = Team.objects.filter(slug=slug[:60]).first()
    if team is None:
        raise Invalid("team", "there is no such team")
    return team


def _list(*, filters_query: str) -> str:
    return f"{reverse('finding_list')}?{filters_query}"


@signed_in
@require_POST
def finding_view_remove(request: SignedInRequest, pk: int) -> HttpResponse:
    view: Any = SavedView.objects.visible_to(request.actor).filter(pk=pk).first()
    if view is None:
        raise Http404("no such view")
    remove_view(actor=request.actor, view=view)
    messages.success(request, f"The view “{view.name}” is removed.")
    return redirect("finding_list")


urlpatterns = [
    path("findings/views/", finding_view_save, name="finding_view_save"),
    path("findings/views/<int:pk>/remove/", finding_view_remove, name="finding_view_remove"),
]
