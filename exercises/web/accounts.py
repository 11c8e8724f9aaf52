"""AWS accounts: the list with what the last look said, one account, and registering one."""

from __future__ import annotations

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
from exercises.services.accounts import register_account
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.forms.setup import AccountForm, add_problems

ON_A_PAGE = 25


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


urlpatterns = [
    path("settings/accounts/", account_list, name="account_list"),
    path("settings/accounts/new/", account_new, name="account_new"),
    path("settings/accounts/<slug:account_id>/", account_detail, name="account_detail"),
]
