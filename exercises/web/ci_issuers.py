"""Sign in from CI: whose jobs act for which team, and *Try a token*. For programme leads."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from exercises.domain.ci_claims import read_rules
from exercises.domain.errors import EngineError, Invalid
from exercises.models import OidcIssuer
from exercises.permissions import authorize
from exercises.queries.ci_issuers import issuers_seen_by
from exercises.services import ci_issuers as services
from exercises.services.ci_sign_in import LONGEST, Judgement
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.forms.setup import add_problems

EXAMPLES: Final = {
    "github": (
        "GitHub Actions",
        "https://token.actions.githubusercontent.com",
        "team: read write if repository = organisation/repository and ref = refs/heads/main",
    ),
    "gitlab": (
        "GitLab",
        "https://gitlab.com",
        "team: read write if project_path = group/project and ref = main and ref_protected = true",
    ),
}
_HOW: Final = (
    "A rule a line: team: scopes if claim = pattern and claim = pattern. * stands for any"
    " characters. The first that fits decides"
)


class ChangeForm(forms.Form):
    audience = forms.CharField(
        max_length=services.LONGEST, help_text="What a job asks its token for, and nothing else"
    )
    rules = forms.CharField(
        required=False,
        max_length=100_000,
        help_text=_HOW,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
    )
    is_active = forms.BooleanField(label="Its tokens are taken", required=False, initial=True)


class IssuerForm(ChangeForm):
    url = forms.CharField(
        label="Issuer",
        max_length=services.LONGEST,
        help_text="https, on the public internet, as iss in its tokens says",
    )
    field_order = ("url", "audience", "rules", "is_active")


class Unseen(forms.Textarea):
    """What was typed into it is in no answer."""

    def format_value(self, value: object) -> str:
        return ""


class TryForm(forms.Form):
    token = forms.CharField(
        max_length=LONGEST,
        help_text="Neither kept nor logged, and it lets nobody in",
        widget=Unseen(attrs={"rows": 4, "spellcheck": "false", "autocomplete": "off"}),
    )


@signed_in
@never_cache
@require_http_methods(["GET", "POST"])
def issuer_list(request: SignedInRequest) -> HttpResponse:
    """The list and the form; ?example= begins it."""
    authorize(request.actor, "ci.configure")
    _, url, rules = EXAMPLES.get(request.GET.get("example", ""), ("", "", ""))
    initial = {"url": url, "rules": rules, "audience": settings.CHAOSPLANE_BASE_URL}
    form = IssuerForm(request.POST or None, initial=initial)
    if form.is_valid():
        values = dict(form.cleaned_data)
        try:
            issuer = services.add_issuer(
                actor=request.actor, rules=read_rules(values.pop("rules")), **values
            )
        except Invalid as error:
            add_problems(form, error)
        else:
            messages.success(request, f"{issuer.url} is added.")
            return redirect("ci_issuer_detail", issuer.pk)
    return _list(request, form=form)


@signed_in
@never_cache
@require_POST
@sensitive_post_parameters("token")
def token_try(request: SignedInRequest) -> HttpResponse:
    """What would come of a token. It is in no answer, log or report of an error."""
    authorize(request.actor, "ci.configure")
    form = TryForm(request.POST)
    found: Judgement | None = None
    if form.is_valid():
        try:
            found = services.try_token(actor=request.actor, token=form.cleaned_data["token"])
        except EngineError as error:
            form.add_error("token", str(error))
    return _list(request, tried=form, found=found)


def _list(request: SignedInRequest, **more: Any) -> HttpResponse:
    base = {"audience": settings.CHAOSPLANE_BASE_URL}
    context = {
        "issuers": issuers_seen_by(request.actor),
        "form": IssuerForm(initial=base),
        "tried": TryForm(),
        "examples": [(key, name) for key, (name, _, _) in EXAMPLES.items()],
        "found": None,
        **more,
    }
    is_wrong = context["form"].errors or context["tried"].errors
    return render(request, "ci/list.html", context, status=422 if is_wrong else 200)


@signed_in
@never_cache
@require_http_methods(["GET", "POST"])
def issuer_detail(request: SignedInRequest, number: int) -> HttpResponse:
    """Its rules as a table, and the form that changes them."""
    issuer = _issuer(request, number)
    initial = {
        "audience": issuer.audience,
        "is_active": issuer.is_active,
        "rules": "\n".join(str(row.rule) for row in issuer.rules.all()),
    }
    form = ChangeForm(request.POST or None, initial=initial)
    if form.is_valid():
        values = dict(form.cleaned_data)
        try:
            services.change_issuer(
                actor=request.actor, issuer=issuer, rules=read_rules(values.pop("rules")), **values
            )
        except Invalid as error:
            add_problems(form, error)
            issuer = _issuer(request, number)
        else:
            messages.success(request, "Saved.")
            return redirect("ci_issuer_detail", number)
    context = {"issuer": issuer, "form": form}
    return render(request, "ci/detail.html", context, status=422 if form.errors else 200)


@signed_in
@require_POST
def issuer_remove(request: SignedInRequest, number: int) -> HttpResponse:
    issuer = _issuer(request, number)
    services.remove_issuer(actor=request.actor, issuer=issuer)
    messages.success(request, f"{issuer.url} lets nobody in any more.")
    return redirect("ci_issuer_list")


def _issuer(request: SignedInRequest, number: int) -> OidcIssuer:
    authorize(request.actor, "ci.configure")
    return get_object_or_404(issuers_seen_by(request.actor), pk=number)


urlpatterns = [
    path("settings/ci/", issuer_list, name="ci_issuer_list"),
    path("settings/ci/try/", token_try, name="ci_token_try"),
    path("settings/ci/<int:number>/", issuer_detail, name="ci_issuer_detail"),
    path("settings/ci/<int:number>/remove/", issuer_remove, name="ci_issuer_remove"),
]
