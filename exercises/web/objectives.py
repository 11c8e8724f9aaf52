"""The objectives of an application, and where it stands: lifecycle and ladders."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods

from exercises.domain.errors import Invalid
from exercises.domain.objectives import LONGEST_S
from exercises.models import Application
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.queries.ladder import evidences
from exercises.queries.lifecycle import lifecycles_of
from exercises.services.objectives import set_objectives
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.forms.setup import add_problems

FIELD_OF: Final = {"rto_s": "rto_min", "rpo_s": "rpo_min"}


class ObjectivesForm(forms.Form):
    """Times in minutes, as people agree on them; kept in seconds."""

    slo_percent = forms.FloatField(
        required=False, label="Available, % (SLO)", help_text="For instance 99.95"
    )
    rto_min = forms.FloatField(
        required=False,
        min_value=0,
        max_value=LONGEST_S // 60,
        label="Back within, minutes (RTO)",
        help_text="After a fault",
    )
    rpo_min = forms.FloatField(
        required=False,
        min_value=0,
        max_value=LONGEST_S // 60,
        label="Data lost at most, minutes (RPO)",
        help_text="0: none at all",
    )

    def values(self) -> dict[str, Any]:
        """As the service takes them."""
        data = self.cleaned_data
        return {
            "slo_percent": data["slo_percent"],
            "rto_s": _seconds(data["rto_min"]),
            "rpo_s": _seconds(data["rpo_min"]),
        }


def _seconds(minutes: float | None) -> int | None:
    return None if minutes is None else round(minutes * 60)


def _minutes(seconds: int | None) -> float | None:
    return None if seconds is None else seconds / 60


@signed_in
@require_http_methods(["GET", "POST"])
def application_objectives(request: SignedInRequest, slug: str) -> HttpResponse:
    """Set how available, back how soon and with how much data lost."""
    application = get_object_or_404(Application.objects.select_related("team"), slug=slug)
    authorize(request.actor, "application.register", application.team)
    form = ObjectivesForm(
        request.POST or None,
        initial={
            "slo_percent": application.slo_percent,
            "rto_min": _minutes(application.rto_s),
            "rpo_min": _minutes(application.rpo_s),
        },
    )
    if request.method == "POST" and form.is_valid():
        try:
            set_objectives(actor=request.actor, application=application, **form.values())
        except Invalid as error:
            add_problems(form, error, FIELD_OF)
        else:
            messages.success(request, f"The objectives of {application.name} are saved.")
            return redirect("application_detail", slug=slug)
    context = {"application": application, "form": form}
    status = 422 if form.errors else 200
    return render(request, "applications/objectives.html", context, status=status)


def standing_of(application: Application) -> dict[str, Any]:
    """How far an application is: its stage with what it lacks, and its ladders."""
    now = database_now()
    known = evidences([application.pk], now=now)
    lifecycles = lifecycles_of([application], now=now, known=known)
    return {"lifecycle": lifecycles[application.pk], "ladders": known.of(application)}


urlpatterns = [
    path(
        "settings/applications/<slug:slug>/objectives/",
        application_objectives,
        name="application_objectives",
    ),
]
