"""API tokens of the person signed in: issue one, see it once, revoke it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from exercises.domain.errors import Invalid
from exercises.models import ApiToken
from exercises.models.due_work import database_now
from exercises.services.tokens import MAX_DAYS, SCOPES, issue_token, revoke_token
from exercises.web.access import SignedInRequest, signed_in

_SCOPE_WORDS: Final = {
    "read": "Read: see what you see",
    "write": "Write: propose, approve and edit as you may",
    "stop": "Stop: stop what runs, nothing else",
    "incidents": "Incidents: report and resolve what nothing may start beside",
}


class TokenForm(forms.Form):
    name = forms.CharField(
        label="What it is for", max_length=80, help_text="For example: nightly build"
    )
    scopes = forms.MultipleChoiceField(
        label="What it may do",
        choices=[(scope, _SCOPE_WORDS[scope]) for scope in SCOPES],
        initial=["read"],
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.IntegerField(
        label="Days until it ends", min_value=1, max_value=MAX_DAYS, initial=90
    )


@signed_in
@never_cache
@require_http_methods(["GET", "POST"])
def tokens(request: SignedInRequest) -> HttpResponse:
    """The list and the form. The secret is shown in the answer to the form and never again."""
    form = TokenForm(request.POST or None)
    secret = ""
    if form.is_valid():
        try:
            _, secret = issue_token(actor=request.actor, **form.cleaned_data)
        except Invalid as error:
            for field, problem in error.problems:
                form.add_error(field, problem)
        else:
            form = TokenForm()
    now = database_now()
    context = {
        "form": form,
        "secret": secret,
        "tokens": [(token, state_of(token, now)) for token in _own(request)],
    }
    return render(request, "tokens/page.html", context, status=422 if form.errors else 200)


def _own(request: SignedInRequest) -> list[ApiToken]:
    return list(ApiToken.objects.filter(user=request.user.pk))


def state_of(token: ApiToken, now: datetime) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "ended" if token.expires_at <= now else "active"


@signed_in
@require_POST
def token_revoke(request: SignedInRequest, number: int) -> HttpResponse:
    token = get_object_or_404(ApiToken, pk=number, user=request.user.pk)
    revoke_token(actor=request.actor, token=token)
    messages.success(request, f"{token.name} is revoked: it no longer opens anything.")
    return redirect("tokens")


urlpatterns = [
    path("settings/tokens/", tokens, name="tokens"),
    path("settings/tokens/<int:number>/revoke/", token_revoke, name="token_revoke"),
]
