"""AZ readiness of an account: which resources the scenarios of a zone would find, by their tags."""

from __future__ import annotations

from itertools import groupby
from typing import Final

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path
from django.views.decorators.http import require_GET

from exercises.models import CloudAccount
from exercises.permissions import authorize
from exercises.services.az_readiness import look_at_tags
from exercises.web.access import SignedInRequest, signed_in

WORDS: Final = {
    "ready": "all carry the tag",
    "partly": "some lack the tag",
    "none": "none carries the tag",
}


@signed_in
@require_GET
def az_readiness(request: SignedInRequest, account_id: str) -> HttpResponse:
    """Asks AWS once a Region is chosen."""
    account = get_object_or_404(CloudAccount, account_id=account_id)
    authorize(request.actor, "account.look", account)
    places = list(account.regions.select_related("account").order_by("region"))
    region = request.GET.get("region", "")
    place = next((place for place in places if place.region == region), None)
    context: dict[str, object] = {"account": account, "places": places, "place": place}
    status = 200
    if region and place is None:
        context["problem"] = "Region: one of this account's."
        status = 422
    if place is not None:
        rows = look_at_tags(actor=request.actor, place=place)
        context["scenarios"] = [
            (name, [(row, WORDS[row.state]) for row in of_one])
            for name, of_one in groupby(rows, key=lambda row: row.wanted.scenario)
        ]
    return render(request, "accounts/az_readiness.html", context, status=status)


urlpatterns = [
    path("settings/accounts/<slug:account_id>/az-readiness/", az_readiness, name="az_readiness"),
]
