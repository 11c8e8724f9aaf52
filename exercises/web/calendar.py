"""The calendar: a month or a quarter as a grid, a year as a list."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_GET

from exercises.domain.times import is_zone
from exercises.models import Exercise
from exercises.models.due_work import database_now
from exercises.permissions import may
from exercises.queries.calendar import (
    Show,
    calendar_entries,
    next_exercise_with_freezes,
    regions_in_use,
)
from exercises.queries.free_slots import next_free_for_teams
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.calendar_grid import (
    grid_window,
    listed_days,
    period_around,
    period_of,
    weeks_of,
)

DEFAULT_ZONE: Final = str(Exercise._meta.get_field("timezone").get_default())
AN_HOUR: Final = timedelta(hours=1)
_WEEKDAYS: Final = (
    ("Mon", "Monday"), ("Tue", "Tuesday"), ("Wed", "Wednesday"), ("Thu", "Thursday"),
    ("Fri", "Friday"), ("Sat", "Saturday"), ("Sun", "Sunday"),
)  # fmt: skip


@require_GET
@signed_in
def calendar(request: SignedInRequest) -> HttpResponse:
    """This month."""
    today = database_now().astimezone(ZoneInfo(zone_of(request)))
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    return redirect(reverse("calendar_period", args=[f"{today:%Y-%m}"]) + query)


@require_GET
@signed_in
def calendar_period(request: SignedInRequest, slug: str) -> HttpResponse:
    """A month, a quarter or a year, in the reader's zone."""
    period = period_of(slug)
    if period is None:
        raise Http404("no such month, quarter or year")
    now, zone = database_now(), zone_of(request)
    today = now.astimezone(ZoneInfo(zone)).date()
    show = _show(request)
    entries = calendar_entries(request.actor, grid_window(period, zone), now=now, show=show)
    is_list = period.kind == "year"
    exercise, freezes = next_exercise_with_freezes(request.actor, now=now)
    context: dict[str, Any] = {
        "period": period,
        "zone": zone,
        "today_slug": period_around(period.kind, today).slug,
        "views": [
            ("Month", period.switched("month", today).slug, period.kind == "month"),
            ("Quarter", period.switched("quarter", today).slug, period.kind == "quarter"),
            ("List", period.switched("year", today).slug, is_list),
        ],
        "weekdays": _WEEKDAYS,
        "is_empty": not entries,
        "regions": regions_in_use(),
        "region": show.region,
        "is_mine": show.teams is not None,
        "has_team": bool(request.actor.team_roles),
        "is_production": show.production_only,
        "may_plan": may(request.actor, "exercise.plan"),
        "next_exercise": exercise,
        "touching": freezes,
        "free": next_free_for_teams(request.actor, now=now, timezone=zone, duration=AN_HOUR)
        if request.actor.team_roles and period.first <= today < period.end and not is_list
        else [],
    }
    if is_list:
        context["days"] = listed_days(period, entries, zone=zone, today=today)
    else:
        context["weeks"] = weeks_of(period, entries, zone=zone, today=today)
    return render(request, "calendar/page.html", context)


def zone_of(request: SignedInRequest) -> str:
    """The zone the browser told us in a cookie; the organisation's when it did not."""
    told = request.COOKIES.get("zone", "")
    return told if is_zone(told) else DEFAULT_ZONE


def _show(request: SignedInRequest) -> Show:
    region = request.GET.get("region", "")[:32]
    mine = request.GET.get("team") == "mine"
    return Show(
        teams=frozenset(request.actor.team_roles) if mine else None,
        production_only=request.GET.get("environment") == "production",
        region=region,
    )


urlpatterns = [
    path("calendar/", calendar, name="calendar"),
    path("calendar/<slug:slug>/", calendar_period, name="calendar_period"),
]
