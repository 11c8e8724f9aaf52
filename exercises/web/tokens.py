"""API tokens, one's own and those of one's teams: issue one, see it once, revoke it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from exercises.domain.errors import Conflict, Invalid
from exercises.models import ApiToken, Team
from exercises.models.due_work import database_now
from exercises.queries.tokens import services_of, teams_issuing, tokens_of
from exercises.services.tokens import (
    MAX_DAYS,
    SCOPES,
    issue_token,
    resume_service,
    revoke_token,
    suspend_service,
)
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.forms.setup import add_problems

_SCOPE_WORDS: Final = {
    "read": "Read: see what you see",
    "write": "Write: propose and edit as you may; nothing is approved by a token",
    "stop": "Stop: stop what runs, nothing else",
    "incidents": "Incidents: report and resolve what nothing may start beside",
}


class TokenForm(forms.Form):
    acts_as = forms.ChoiceField(
        label="Acts as", help_text="A team's service is no person: it stays when people leave"
    )
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

    def __init__(self, data: QueryDict | None, *, teams: Sequence[Team]) -> None:
        super().__init__(data)
        acts_as = self.fields["acts_as"]
        assert isinstance(acts_as, forms.ChoiceField)
        acts_as.choices = [("", "You"), *((t.slug, f"Service of {t.name}") for t in teams)]
        acts_as.required = False


@signed_in
@never_cache
@require_http_methods(["GET", "POST"])
def tokens(request: SignedInRequest) -> HttpResponse:
    """The list and the form. The secret is shown in the answer to the form and never again."""
    teams = list(teams_issuing(request.actor))
    form = TokenForm(request.POST or None, teams=teams)
    secret = ""
    if form.is_valid():
        values = dict(form.cleaned_data)
        slug = values.pop("acts_as")
        team = next((t for t in teams if t.slug == slug), None)
        try:
            _, secret = issue_token(actor=request.actor, team=team, **values)
        except Invalid as error:
            add_problems(form, error)
        except Conflict as error:
            form.add_error("acts_as", str(error))
        else:
            form = TokenForm(None, teams=teams)
    now = database_now()
    context = {
        "form": form,
        "secret": secret,
        "tokens": [(token, state_of(token, now)) for token in tokens_of(request.actor)],
        "services": services_of(request.actor),
        "resumed_by": {team.pk for team in teams},
    }
    return render(request, "tokens/page.html", context, status=422 if form.errors else 200)


def state_of(token: ApiToken, now: datetime) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "ended" if token.expires_at <= now else "active"


@signed_in
@require_POST
def token_revoke(request: SignedInRequest, number: int) -> HttpResponse:
    token = get_object_or_404(tokens_of(request.actor), pk=number)
    revoke_token(actor=request.actor, token=token)
    messages.success(request, f"{token.name} is revoked: it no longer opens anything.")
    return redirect("tokens")


@signed_in
@require_POST
def service_switch(request: SignedInRequest, slug: str) -> HttpResponse:
    """Suspend the service of a team, which ends its tokens; or let it act again."""
    team = get_object_or_404(
        Team, pk__in=services_of(request.actor).values("service_of"), slug=slug
    )
    if request.POST.get("on") == "1":
        resume_service(actor=request.actor, team=team)
        messages.success(request, f"The service of {team.name} may act again.")
    else:
        suspend_service(actor=request.actor, team=team)
        messages.success(request, f"The service of {team.name} is suspended; its tokens ended.")
    return redirect("tokens")


urlpatterns = [
    path("settings/tokens/", tokens, name="tokens"),
    path("settings/tokens/<int:number>/revoke/", token_revoke, name="token_revoke"),
    path("settings/services/<slug:slug>/", service_switch, name="service_switch"),
]
