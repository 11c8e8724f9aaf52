"""Blameless mode: its page, and the names that every page shows."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_http_methods

from exercises.permissions import may
from exercises.queries.naming import current_setting, names_now
from exercises.services.blameless import set_blameless
from exercises.web.access import SignedInRequest, signed_in


def names(request: HttpRequest) -> dict[str, Any]:
    """Context processor: asked of the database only by pages that show a person."""
    return {"names": SimpleLazyObject(names_now)}


@signed_in
@require_http_methods(["GET", "POST"])
def blameless(request: SignedInRequest) -> HttpResponse:
    """Whether findings, debriefs and reports name people."""
    if request.method == "POST":
        setting = set_blameless(actor=request.actor, is_on=request.POST.get("is_on") == "1")
        words = "Nobody is named any more" if setting.is_on else "People are named again"
        messages.success(request, f"{words} in findings, debriefs and reports.")
        return redirect("blameless")
    context = {"setting": current_setting(), "may_set": may(request.actor, "blameless.set")}
    return render(request, "settings/blameless.html", context)


urlpatterns = [path("settings/blameless/", blameless, name="blameless")]
