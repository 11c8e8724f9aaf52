"""How a person is told, the channels they manage, and for programme leads the delivery log
and the policy of who is told what.
"""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from exercises.domain.actors import Actor
from exercises.domain.blast_radius import Rung
from exercises.domain.capacities import TeamRole
from exercises.domain.delivery_times import MailPace, Wishes
from exercises.domain.errors import Invalid
from exercises.domain.notices import MOMENTS, MUTABLE, RUNGS, WORDS, Audience
from exercises.models import Channel, Delivery, NoticePolicy, NoticeWishes, Team, User
from exercises.permissions import authorize, may
from exercises.queries.notice_recipients import current_rules
from exercises.queries.notices import deliveries_of, managed_channels, titled
from exercises.services import channels as services
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.forms.setup import add_problems
from exercises.web.numbers import whole

PAGE_SIZE: Final = 50


class WishesForm(forms.Form):
    """When mail comes, and what not by mail."""

    pace = forms.ChoiceField(label="How often", choices=[(p.value, p.label) for p in MailPace])
    daily_at = forms.TimeField(
        label="Daily mail at", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    timezone = forms.CharField(
        label="Time zone", max_length=64, help_text="An IANA name such as Europe/Berlin"
    )
    quiet_from = forms.TimeField(
        label="Quiet from",
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    quiet_until = forms.TimeField(
        label="Quiet until",
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text="Stops, no-go and the hour before come all the same",
    )
    muted = forms.MultipleChoiceField(
        label="Not by mail",
        required=False,
        choices=[(topic.value, WORDS[topic]) for topic in MUTABLE],
        widget=forms.CheckboxSelectMultiple,
    )


class ChannelForm(forms.Form):
    """A chat room, and whose it is."""

    name = forms.CharField(max_length=80, help_text="For example: #resilience")
    address = forms.CharField(
        max_length=1000,
        help_text="The webhook that Slack, Teams or Google Chat gave you, or an Apprise URL."
        " It is kept encrypted and never shown again",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    owner = forms.ChoiceField(label="For")

    def __init__(self, *args: Any, owners: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].choices = owners  # type: ignore[attr-defined]


@signed_in
@require_http_methods(["GET", "POST"])
def notify_wishes(request: SignedInRequest) -> HttpResponse:
    """A person's own wishes, and the channels they manage."""
    form = WishesForm(request.POST or None, initial=_wishes(request.actor))
    if form.is_valid():
        try:
            services.set_wishes(actor=request.actor, **form.cleaned_data)
        except Invalid as error:
            add_problems(form, error)
        else:
            messages.success(request, "Saved.")
            return redirect("notify_wishes")
    return _page(request, form=form)


def _page(
    request: SignedInRequest,
    *,
    form: WishesForm | None = None,
    channel_form: ChannelForm | None = None,
) -> HttpResponse:
    user = User.objects.get(pk=request.actor.person_id)
    owners = _owners(request.actor)
    context = {
        "form": form or WishesForm(initial=_wishes(request.actor)),
        "channel_form": channel_form or ChannelForm(owners=owners),
        "mail": services.mail_channel_of(user),
        "own_address": user.email,
        "sends_mail": settings.CHAOSPLANE_SENDS_MAIL,
        "keeps_mail": settings.CHAOSPLANE_DEMO and not settings.CHAOSPLANE_MAIL_URL,
        "channels": managed_channels(request.actor).filter(kind="chat"),
        "leads": may(request.actor, "delivery.view"),
    }
    refused = any(each is not None and each.errors for each in (form, channel_form))
    return render(request, "notifications/page.html", context, status=422 if refused else 200)


def _wishes(actor: Actor) -> dict[str, Any]:
    row = NoticeWishes.objects.filter(person=actor.person_id).first()
    if row is None:
        chosen = Wishes()
        return {"pace": chosen.pace, "timezone": chosen.zone, "daily_at": chosen.daily_at}
    names = ("pace", "timezone", "daily_at", "quiet_from", "quiet_until", "muted")
    return {name: getattr(row, name) for name in names}


def _owners(actor: Actor) -> list[tuple[str, str]]:
    """Whom a new channel may be for."""
    found = [("me", "Me")]
    is_lead = may(actor, "delivery.view")
    owned = [pk for pk, role in actor.team_roles.items() if role == TeamRole.OWNER.value]
    teams = Team.objects.order_by("name")
    found += [(team.slug, team.name) for team in (teams if is_lead else teams.filter(pk__in=owned))]
    return [*found, ("*", "Everyone: what the whole organisation is told")] if is_lead else found


@signed_in
@require_POST
def channel_add(request: SignedInRequest) -> HttpResponse:
    form = ChannelForm(request.POST, owners=_owners(request.actor))
    if form.is_valid():
        owner = form.cleaned_data["owner"]
        try:
            channel = services.add_chat_channel(
                actor=request.actor,
                name=form.cleaned_data["name"],
                address=form.cleaned_data["address"],
                team=Team.objects.get(slug=owner) if owner not in {"me", "*"} else None,
                for_all=owner == "*",
            )
        except Invalid as error:
            add_problems(form, error)
        else:
            messages.success(request, f"{channel.name} is added. Send a test to see it arrive.")
            return redirect("notify_wishes")
    return _page(request, channel_form=form)


def _channel(request: SignedInRequest, number: int) -> Channel:
    """One of the channels this person manages; any other does not exist for them."""
    channel = Channel.objects.filter(pk=number).first()
    if channel is None or not may(request.actor, "channel.manage", channel):
        raise Http404("no such channel")
    return channel


@signed_in
@require_POST
def channel_try(request: SignedInRequest, number: int) -> HttpResponse:
    channel = _channel(request, number)
    services.try_channel(actor=request.actor, channel=channel)
    messages.success(request, f"A test is on its way through {channel.name}.")
    return redirect("notify_wishes")


@signed_in
@require_POST
def channel_switch(request: SignedInRequest, number: int) -> HttpResponse:
    channel = _channel(request, number)
    is_on = request.POST.get("on") == "1"
    services.switch_channel(actor=request.actor, channel=channel, on=is_on)
    messages.success(request, f"{channel.name} is {'on' if is_on else 'off'}.")
    return redirect("notify_wishes")


@signed_in
@require_POST
def channel_address(request: SignedInRequest, number: int) -> HttpResponse:
    """Another e-mail address than the one to sign in with."""
    channel = _channel(request, number)
    try:
        services.set_mail_address(
            actor=request.actor, channel=channel, address=request.POST.get("address", "")
        )
    except Invalid as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "The address is saved.")
    return redirect("notify_wishes")


@signed_in
@require_GET
def delivery_log(request: SignedInRequest) -> HttpResponse:
    """What left the house and what did not, for programme leads."""
    authorize(request.actor, "delivery.view")
    state = request.GET.get("state", "")
    page = Paginator(deliveries_of(state), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": titled(list(page)),
        "state": state,
        "states": [("", "All"), *Delivery.STATES],
    }
    return render(request, "notifications/deliveries.html", context)


@signed_in
@require_POST
def delivery_again(request: SignedInRequest, number: int) -> HttpResponse:
    authorize(request.actor, "delivery.replay")
    delivery = Delivery.objects.filter(pk=number).first()
    if delivery is None:
        raise Http404("no such delivery")
    services.replay(actor=request.actor, delivery=delivery)
    messages.success(request, "It is on its way again.")
    return redirect("delivery_log")


@signed_in
@require_http_methods(["GET", "POST"])
def notice_policy(request: SignedInRequest) -> HttpResponse:
    """Who hears of an exercise's moments, from which blast radius on."""
    authorize(request.actor, "notice.policy")
    if request.method == "POST":
        services.write_policy(actor=request.actor, rules=_sent_rules(request))
        messages.success(request, "Saved. It counts for everything told from now on.")
        return redirect("notice_policy")
    rules = current_rules()
    context = {
        "audiences": list(Audience),
        "rows": [
            (
                WORDS[moment],
                [(f"{moment}.{a}", a.label, rules.least_rung[moment, a]) for a in Audience],
            )
            for moment in MOMENTS
        ],
        "choices": [
            ("", "Never"),
            *((rung, f"From {rung}: {Rung(rung).words}") for rung in RUNGS),
        ],
        "newest": NoticePolicy.objects.select_related("written_by").first(),
    }
    return render(request, "notifications/policy.html", context)


def _sent_rules(request: SignedInRequest) -> dict[str, dict[str, object]]:
    def cell(name: str) -> object:
        sent = request.POST.get(name, "")
        number = whole(sent, digits=2)
        return number if number is not None else sent or None

    return {m.value: {a.value: cell(f"{m}.{a}") for a in Audience} for m in MOMENTS}


_BASE: Final = "settings/notifications/"

urlpatterns = [
    path(_BASE, notify_wishes, name="notify_wishes"),
    path(f"{_BASE}channels/", channel_add, name="channel_add"),
    path(f"{_BASE}channels/<int:number>/test/", channel_try, name="channel_try"),
    path(f"{_BASE}channels/<int:number>/switch/", channel_switch, name="channel_switch"),
    path(f"{_BASE}channels/<int:number>/address/", channel_address, name="channel_address"),
    path(f"{_BASE}log/", delivery_log, name="delivery_log"),
    path(f"{_BASE}log/<int:number>/again/", delivery_again, name="delivery_again"),
    path(f"{_BASE}policy/", notice_policy, name="notice_policy"),
]
