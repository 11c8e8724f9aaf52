"""AWS accounts: the list with what the last look said, one account, registering and changing."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods

from exercises.domain.errors import Invalid
from exercises.models import CloudAccount
from exercises.models.due_work import database_now
from exercises.permissions import authorize, may
from exercises.queries.estate import places_of, registered_accounts, teams_to_register_for
from exercises.services.accounts import change_account, register_account
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.forms.setup import (
    AccountChangeForm,
    AccountForm,
    RegionForm,
    add_problems,
    add_region_problems,
    region_form,
)

ON_A_PAGE = 25
CHANGED = (
    "name",
    "environment",
    "read_role_arn",
    "start_role_arn",
    "stop_role_arn",
    "fis_role_arn",
)


@signed_in
@require_GET
def account_list(request: SignedInRequest) -> HttpResponse:
    """Every account, and whether its Regions can be looked at."""
    context = {
        "page": Paginator(registered_accounts(), ON_A_PAGE).get_page(request.GET.get("page")),
        "may_register": may(request.actor, "account.register"),
        "now": database_now(),
    }
    return render(request, "accounts/account_list.html", context)


@signed_in
@require_GET
def account_detail(request: SignedInRequest, account_id: str) -> HttpResponse:
    """Roles, Regions and what is deployed there. The external id is for who sets it up."""
    account = get_object_or_404(CloudAccount.objects.select_related("team"), account_id=account_id)
    context = {
        "account": account,
        "places": places_of(account),
        "may_check": may(request.actor, "account.check", account),
        "may_register": may(request.actor, "account.register"),
        "now": database_now(),
    }
    return render(request, "accounts/account_detail.html", context)


@signed_in
@require_http_methods(["GET", "POST"])
def account_new(request: SignedInRequest) -> HttpResponse:
    """Register an account; its Regions are looked at at once."""
    authorize(request.actor, "account.register")
    form = AccountForm(request.POST or None, teams=teams_to_register_for(request.actor))
    if form.is_valid():
        try:
            account = register_account(actor=request.actor, **form.cleaned_data)
        except Invalid as error:
            add_problems(form, error)
        else:
            messages.success(request, f"{account.name} is registered. Its external id is below.")
            return redirect("account_detail", account_id=account.account_id)
    status = 422 if form.errors else 200
    return render(request, "accounts/account_new.html", {"form": form}, status=status)


@signed_in
@require_http_methods(["GET", "POST"])
def account_edit(request: SignedInRequest, account_id: str) -> HttpResponse:
    """Change an account, and for each Region its zones, heartbeat alarm and queue."""
    account = get_object_or_404(CloudAccount.objects.select_related("team"), account_id=account_id)
    authorize(request.actor, "account.register")
    data = request.POST or None
    form = AccountChangeForm(
        data,
        teams=teams_to_register_for(request.actor),
        initial={key: getattr(account, key) for key in CHANGED} | {"team": account.team_id},
    )
    regions = {p.region: region_form(p, data) for p in account.regions.order_by("region")}
    # Every form is asked, so that all problems are shown at once.
    if data is not None and all([form.is_valid(), *(each.is_valid() for each in regions.values())]):
        try:
            _change(request, account, form, regions)
        except Invalid as error:
            if rest := add_region_problems(regions, error):
                add_problems(form, rest)
        else:
            messages.success(request, f"{form.cleaned_data['name']} is saved.")
            return redirect("account_detail", account_id=account_id)
    has_problems = bool(form.errors) or any(each.errors for each in regions.values())
    context = {"account": account, "form": form, "regions": regions, "has_problems": has_problems}
    status = 422 if has_problems else 200
    return render(request, "accounts/account_edit.html", context, status=status)


def _change(
    request: SignedInRequest,
    account: CloudAccount,
    form: AccountChangeForm,
    regions: Mapping[str, RegionForm],
) -> None:
    values = dict(form.cleaned_data)
    # Of a further Region that is there already its own fields count.
    known = {name: each.settings() for name, each in regions.items()}
    wanted = values.pop("regions") | known
    change_account(actor=request.actor, account=account, regions=wanted, **values)


urlpatterns = [
    path("settings/accounts/", account_list, name="account_list"),
    path("settings/accounts/new/", account_new, name="account_new"),
    path("settings/accounts/<slug:account_id>/", account_detail, name="account_detail"),
    path("settings/accounts/<slug:account_id>/edit/", account_edit, name="account_edit"),
]
