"""Having a person who left forgotten: first what would go and what stays, then for good."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods

from exercises.domain.errors import Invalid
from exercises.permissions import authorize
from exercises.services.forget import (
    MAX_REASON,
    forget_person,
    held_of,
    person_to_forget,
    pseudonym,
)
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.forms.setup import add_problems


class ForgetForm(forms.Form):
    """Who, and why; `confirm` is the second step."""

    email = forms.CharField(label="E-mail address", max_length=254)
    because = forms.CharField(
        label="Who asked for it, and when",
        help_text="Kept in the audit log. No names.",
        max_length=MAX_REASON,
    )


@require_http_methods(["GET", "POST"])
@signed_in
def person_forget(request: SignedInRequest) -> HttpResponse:
    """Two steps: look at what would be done, then have it done."""
    authorize(request.actor, "person.forget")
    form, context = ForgetForm(request.POST or None), {}
    if request.method == "POST" and form.is_valid():
        because = form.cleaned_data["because"]
        try:
            person = person_to_forget(actor=request.actor, email=form.cleaned_data["email"])
            if "confirm" in request.POST:
                done = forget_person(actor=request.actor, person=person, because=because)
                messages.success(request, f"Now {done.name}. What they did stays.")
                return redirect("person_forget")
        except Invalid as error:
            add_problems(form, error)
        if not form.errors:
            context = {
                "person": person,
                "held": held_of(actor=request.actor, person=person),
                "pseudonym": pseudonym(person),
            }
    status = 422 if form.errors else 200
    return render(request, "settings/forget.html", {"form": form, **context}, status=status)


urlpatterns = [path("settings/people/forget/", person_forget, name="person_forget")]
