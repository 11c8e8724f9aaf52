"""The roles of an AWS account: policies to paste, and whether the roles are in place."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_POST

from exercises.domain.iam_policies import (
    ROLE_OR_USER,
    as_json,
    cloudformation,
    roles_of,
    terraform,
    trust_policy,
)
from exercises.models import CloudAccount
from exercises.models.due_work import database_now
from exercises.permissions import may
from exercises.queries.account_roles import role_setup
from exercises.services.role_checks import check_account
from exercises.web.access import SignedInRequest, signed_in

EXAMPLE: Final = "arn:aws:iam::222222222222:role/chaosplane-runtime"
FORMS: Final = (("json", "JSON"), ("cloudformation", "CloudFormation"), ("terraform", "Terraform"))


@signed_in
@require_GET
def account_roles(request: SignedInRequest, account_id: str) -> HttpResponse:
    """Trust and permissions of each role, the least that the templates in use need."""
    account = _account(account_id)
    typed = request.GET.get("principal", EXAMPLE).strip()
    is_wrong = ROLE_OR_USER.fullmatch(typed) is None
    may_check = may(request.actor, "account.check", account)
    setup = role_setup(
        account, principal_arn=EXAMPLE if is_wrong else typed, shows_secret=may_check
    )
    form = request.GET.get("as", "json")
    documents = [("trust", "Trust of all three roles", as_json(trust_policy(setup)))]
    documents += [
        (name, f"{name.capitalize()}, for {role.name}", as_json(document))
        for role in roles_of(setup)
        for name, document in role.policies
    ]
    shown = {
        "cloudformation": [("cfn", "CloudFormation", as_json(cloudformation(setup)))],
        "terraform": [("tf", "Terraform", terraform(setup))],
    }.get(form, documents)
    context = {
        "account": account,
        "setup": setup,
        "checks": list(account.role_checks.all()),
        "documents": shown,
        "forms": FORMS,
        "form": form if form in dict(FORMS) else "json",
        "principal": typed,
        "is_example": typed == EXAMPLE,
        "errors": ["a role: arn:aws:iam::<account>:role/<name>"] if is_wrong else [],
        "may_check": may_check,
        "now": database_now(),
    }
    return render(request, "accounts/roles.html", context, status=422 if is_wrong else 200)


@signed_in
@require_POST
def account_check(request: SignedInRequest, account_id: str) -> HttpResponse:
    """Look now whether the roles are in place."""
    account = _account(account_id)
    checks = check_account(actor=request.actor, account=account)
    failed = sum(not check.is_ok for check in checks)
    if failed:
        messages.error(request, f"{failed} of {len(checks)} roles do not work yet.")
    else:
        messages.success(request, "Every role is in place.")
    return redirect("account_roles", account_id)


def _account(account_id: str) -> CloudAccount:
    return get_object_or_404(CloudAccount.objects.select_related("team"), account_id=account_id)


urlpatterns = [
    path("settings/accounts/<slug:account_id>/roles/", account_roles, name="account_roles"),
    path("settings/accounts/<slug:account_id>/check/", account_check, name="account_check"),
]
