"""What an application depends on, and what depends on it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods

from exercises.domain.errors import Invalid
from exercises.models import Application
from exercises.permissions import authorize, may
from exercises.services.dependencies import MOST, change_dependencies
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.forms.setup import add_problems


class DependenciesForm(forms.Form):
    depends_on = forms.ModelMultipleChoiceField(
        Application.objects.none(),
        required=False,
        label="Depends on",
        help_text=f"Without which it does not work; at most {MOST}",
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, others: QuerySet[Application], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["depends_on"].queryset = others  # type: ignore[attr-defined]


@signed_in
@require_http_methods(["GET", "POST"])
def application_dependencies(request: SignedInRequest, slug: str) -> HttpResponse:
    """Both directions; who may change the application changes what it depends on."""
    application = Application.objects.select_related("team").filter(slug=slug).first()
    if application is None:
        raise Http404("no such application")
    if request.method == "POST":
        authorize(request.actor, "application.register", application.team)
    others = Application.objects.exclude(pk=application.pk).order_by("name")
    needed = list(application.depends_on.order_by("name"))
    form = DependenciesForm(
        request.POST if request.method == "POST" else None,
        others=others,
        initial={"depends_on": [one.pk for one in needed]},
    )
    if request.method == "POST" and form.is_valid():
        try:
            change_dependencies(
                actor=request.actor,
                application=application,
                depends_on=list(form.cleaned_data["depends_on"]),
            )
        except Invalid as error:
            add_problems(form, error)
        else:
            messages.success(request, f"What {application.name} depends on is saved.")
            return redirect("application_dependencies", slug=slug)
    context = {
        "application": application,
        "needed": needed,
        "dependents": application.dependents.order_by("name").select_related("team"),
        "form": form,
        "may_change": may(request.actor, "application.register", application.team),
    }
    status = 422 if form.errors else 200
    return render(request, "applications/dependencies.html", context, status=status)


urlpatterns = [
    path(
        "applications/<slug:slug>/dependencies/",
        application_dependencies,
        name="application_dependencies",
    ),
]
