"""Subscribe to the calendar: make an address, see it once, revoke it; and the feed behind it."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    conditional_page,
    require_http_methods,
    require_POST,
    require_safe,
)

from exercises.domain.actors import Actor, Door
from exercises.domain.errors import Invalid
from exercises.models import CalendarFeed, Team
from exercises.models.calendar_feeds import WHAT
from exercises.models.due_work import database_now
from exercises.permissions import actor_for
from exercises.queries.feed_entries import feed_entries
from exercises.services.calendar_feeds import create_feed, feed_of, revoke_feed
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.forms.setup import add_problems
from exercises.web.ical import ical_of

READ_ONLY: Final = frozenset({"read"})


class FeedForm(forms.Form):
    what = forms.ChoiceField(label="What it shows", choices=WHAT, widget=forms.RadioSelect)
    team = forms.ModelChoiceField(
        Team.objects.none(), required=False, empty_label="", help_text="For the feed of one team"
    )

    def __init__(self, *args: Any, teams: QuerySet[Team], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("what") != "team":
            data["team"] = None
        return data


@signed_in
@never_cache
@require_http_methods(["GET", "POST"])
def subscribe(request: SignedInRequest) -> HttpResponse:
    """The feeds and the form. The address is shown in the answer to the form and never again."""
    teams = _teams_of(request.actor)
    form = FeedForm(
        request.POST if request.method == "POST" else None,
        teams=teams,
        initial={"what": "person" if request.actor.team_roles else "organisation"},
    )
    address = ""
    if form.is_valid():
        try:
            _, secret = create_feed(actor=request.actor, **form.cleaned_data)
        except Invalid as error:
            add_problems(form, error)
        else:
            address = settings.CHAOSPLANE_BASE_URL.rstrip("/") + reverse("feed", args=[secret])
            form = FeedForm(teams=teams, initial={"what": "person"})
    context = {
        "form": form,
        "address": address,
        "feeds": CalendarFeed.objects.filter(user=request.user.pk).select_related("team"),
    }
    status = 422 if form.errors else 200
    return render(request, "calendar/subscribe.html", context, status=status)


@signed_in
@require_POST
def feed_revoke(request: SignedInRequest, number: int) -> HttpResponse:
    feed = get_object_or_404(CalendarFeed, pk=number, user=request.user.pk)
    revoke_feed(actor=request.actor, feed=feed)
    messages.success(request, "The address is revoked: it no longer opens anything.")
    return redirect("calendar_subscribe")


@require_safe
@conditional_page
def feed(request: HttpRequest, secret: str) -> HttpResponse:
    """The calendar behind an address, without a session: as its person sees it at this moment."""
    found = feed_of(secret)
    if found is None:
        raise Http404("no such calendar")
    actor = actor_for(found.user, Door.API, READ_ONLY)
    root = settings.CHAOSPLANE_BASE_URL.rstrip("/")
    body = ical_of(
        feed_entries(actor, found, now=database_now()),
        name=_name_of(found),
        root=root,
        host=urlsplit(root).hostname or "chaosplane",
    )
    headers = {
        "Cache-Control": "private, max-age=300",
        "X-Robots-Tag": "noindex, nofollow",
        "Content-Disposition": 'inline; filename="chaosplane.ics"',
    }
    return HttpResponse(body, content_type="text/calendar; charset=utf-8", headers=headers)


def _name_of(feed: CalendarFeed) -> str:
    if feed.team:
        return f"chaosplane, {feed.team.name}"
    return "chaosplane, my teams" if feed.what == "person" else "chaosplane"


def _teams_of(actor: Actor) -> QuerySet[Team]:
    """One's own teams; all of them for who looks across teams."""
    return Team.objects.order_by("name") if actor.org_roles else _own(actor)


def _own(actor: Actor) -> QuerySet[Team]:
    return Team.objects.filter(pk__in=list(actor.team_roles)).order_by("name")


urlpatterns = [
    path("calendar/subscribe/", subscribe, name="calendar_subscribe"),
    path("calendar/subscribe/<int:number>/revoke/", feed_revoke, name="feed_revoke"),
    path("calendar/feed/<str:secret>.ics", feed, name="feed"),
]
