"""Webhooks: the addresses that are called, what each was sent, and how that went."""

from __future__ import annotations

import json
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from exercises.domain.actors import Actor
from exercises.domain.capacities import OrgRole, TeamRole
from exercises.domain.errors import Invalid
from exercises.domain.webhooks import CHOOSABLE
from exercises.models import Team, WebhookDelivery, WebhookEndpoint
from exercises.models.due_work import database_now
from exercises.queries.webhooks import deliveries_of, listed_endpoints, managed_endpoints
from exercises.services import webhooks as services
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.forms.setup import add_problems

PAGE_SIZE: Final = 25
EVERYONE: Final = "*"
_SHOWN: Final = ("url", "description", "events", "is_asked")


class EndpointForm(forms.Form):
    """What is called, and for what."""

    url = forms.CharField(
        label="Address", max_length=1000, help_text="https, on the public internet"
    )
    description = forms.CharField(
        label="What it is for", max_length=services.MAX_DESCRIPTION, required=False
    )
    events = forms.MultipleChoiceField(
        label="Events",
        choices=[(kind.value, kind.words) for kind in CHOOSABLE],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    is_asked = forms.BooleanField(
        label="Ask it before each start",
        required=False,
        help_text="It may refuse; no answer within 5 seconds refuses, too",
    )


class NewEndpointForm(EndpointForm):
    owner = forms.ChoiceField(label="Hears of")
    field_order = ("owner", "url", "description", "is_asked", "events")

    def __init__(self, *args: Any, owners: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].choices = owners  # type: ignore[attr-defined]


def _owners(actor: Actor) -> list[tuple[str, str]]:
    """Whose webhooks this person may set up."""
    is_lead = OrgRole.PROGRAMME_LEAD.value in actor.org_roles
    owned = [pk for pk, role in actor.team_roles.items() if role == TeamRole.OWNER.value]
    teams = Team.objects.order_by("name")
    found = [(t.slug, t.name) for t in (teams if is_lead else teams.filter(pk__in=owned))]
    return [(EVERYONE, "The whole organisation"), *found] if is_lead else found


@signed_in
@never_cache
@require_http_methods(["GET", "POST"])
def webhook_list(request: SignedInRequest) -> HttpResponse:
    """The list and the form. The secret is in the answer to the form and never again."""
    owners = _owners(request.actor)
    form = NewEndpointForm(request.POST or None, owners=owners)
    secret, created = "", None
    if form.is_valid():
        values = dict(form.cleaned_data)
        owner = values.pop("owner")
        team = None if owner == EVERYONE else Team.objects.get(slug=owner)
        try:
            created, secret = services.add_endpoint(actor=request.actor, team=team, **values)
        except Invalid as error:
            add_problems(form, error)
        else:
            form = NewEndpointForm(owners=owners)
    context = {
        "form": form,
        "may_add": bool(owners),
        "secret": secret,
        "created": created,
        "endpoints": listed_endpoints(request.actor),
    }
    return render(request, "webhooks/list.html", context, status=422 if form.errors else 200)


def _endpoint(request: SignedInRequest, number: int) -> WebhookEndpoint:
    """One that this person manages; any other does not exist for them."""
    found = managed_endpoints(request.actor).filter(pk=number).first()
    if found is None:
        raise Http404("no such webhook")
    return found


@signed_in
@never_cache
@require_http_methods(["GET", "POST"])
def webhook_detail(request: SignedInRequest, number: int) -> HttpResponse:
    """Its log, and what may be changed of it."""
    endpoint = _endpoint(request, number)
    initial = {name: getattr(endpoint, name) for name in _SHOWN}
    form = EndpointForm(request.POST or None, initial=initial)
    if form.is_valid():
        try:
            services.change_endpoint(actor=request.actor, endpoint=endpoint, **form.cleaned_data)
        except Invalid as error:
            add_problems(form, error)
            endpoint = _endpoint(request, number)
        else:
            messages.success(request, "Saved.")
            return redirect("webhook_detail", number)
    return _page(request, endpoint, form)


def _page(
    request: SignedInRequest, endpoint: WebhookEndpoint, form: EndpointForm, secret: str = ""
) -> HttpResponse:
    state = request.GET.get("state", "")
    rows = deliveries_of(request.actor).filter(endpoint=endpoint)
    if state in dict(WebhookDelivery.STATES):
        rows = rows.filter(state=state)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    until = endpoint.old_secret_until
    context = {
        "endpoint": endpoint,
        "form": form,
        "secret": secret,
        "page": page,
        "state": state,
        "states": [("", "All"), *WebhookDelivery.STATES],
        "both_until": until if until and until > database_now() else None,
    }
    return render(request, "webhooks/detail.html", context, status=422 if form.errors else 200)


def _readable(delivery: WebhookDelivery) -> str:
    return json.dumps(delivery.event.document, ensure_ascii=False, indent=2)


@signed_in
@never_cache
@require_POST
def webhook_rotate(request: SignedInRequest, number: int) -> HttpResponse:
    """Another secret, shown in this answer and never again."""
    endpoint, secret = services.rotate_secret(
        actor=request.actor, endpoint=_endpoint(request, number)
    )
    initial = {name: getattr(endpoint, name) for name in _SHOWN}
    return _page(request, endpoint, EndpointForm(initial=initial), secret)


@signed_in
@require_POST
def webhook_switch(request: SignedInRequest, number: int) -> HttpResponse:
    is_on = request.POST.get("on") == "1"
    services.switch_endpoint(actor=request.actor, endpoint=_endpoint(request, number), on=is_on)
    messages.success(request, f"It is {'on' if is_on else 'off'}.")
    return redirect("webhook_detail", number)


@signed_in
@require_POST
def webhook_test(request: SignedInRequest, number: int) -> HttpResponse:
    services.try_endpoint(actor=request.actor, endpoint=_endpoint(request, number))
    messages.success(request, "A test is on its way; its answer shows in the log.")
    return redirect("webhook_detail", number)


@signed_in
@require_POST
def webhook_remove(request: SignedInRequest, number: int) -> HttpResponse:
    services.remove_endpoint(actor=request.actor, endpoint=_endpoint(request, number))
    messages.success(request, "It is called no more; its log is gone.")
    return redirect("webhook_list")


@signed_in
@require_POST
def webhook_again(request: SignedInRequest, number: int) -> HttpResponse:
    """Send an event again."""
    delivery = deliveries_of(request.actor).filter(pk=number).first()
    if delivery is None:
        raise Http404("no such delivery")
    services.replay_delivery(actor=request.actor, delivery=delivery)
    messages.success(request, "It is on its way again.")
    return redirect("webhook_detail", delivery.endpoint_id)


@signed_in
@require_GET
def webhook_body(request: SignedInRequest, number: int) -> HttpResponse:
    """What was sent, and what came back."""
    delivery = deliveries_of(request.actor).filter(pk=number).first()
    if delivery is None:
        raise Http404("no such delivery")
    context = {"delivery": delivery, "body": _readable(delivery)}
    return render(request, "webhooks/delivery.html", context)


urlpatterns = [
    path("settings/webhooks/", webhook_list, name="webhook_list"),
    path("settings/webhooks/<int:number>/", webhook_detail, name="webhook_detail"),
    path("settings/webhooks/<int:number>/rotate/", webhook_rotate, name="webhook_rotate"),
    path("settings/webhooks/<int:number>/switch/", webhook_switch, name="webhook_switch"),
    path("settings/webhooks/<int:number>/test/", webhook_test, name="webhook_test"),
    path("settings/webhooks/<int:number>/remove/", webhook_remove, name="webhook_remove"),
    path("settings/webhooks/deliveries/<int:number>/", webhook_body, name="webhook_body"),
    path("settings/webhooks/deliveries/<int:number>/again/", webhook_again, name="webhook_again"),
]
