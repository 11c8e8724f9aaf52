"""The tabs of one team: overview, services, history, AWS accounts."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path
from django.views.decorators.http import require_GET

from exercises.domain.ladder import Level
from exercises.models import Team
from exercises.models.accounts import ENVIRONMENTS
from exercises.models.due_work import database_now
from exercises.permissions import may
from exercises.queries.mentors import mentoring_of
from exercises.queries.propagation import asked_of
from exercises.queries.team_overview import (
    SHOWN,
    accepted_ideas,
    history_of,
    open_findings,
    overview_of,
)
from exercises.queries.teams import team_accounts, team_counts
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.looks import VERDICT_CHOICES

ON_A_PAGE = 25


@signed_in
@require_GET
def team_detail(request: SignedInRequest, slug: str) -> HttpResponse:
    """The ladder, the services over the last exercises, what comes next and what is open."""
    team = _team(slug)
    history = history_of(request.actor, team, where=request.GET.get("where", ""))
    context = team_head(request, team) | {
        "history": history[:SHOWN],
        "history_count": history.count(),
        "where": request.GET.get("where", ""),
        "findings": open_findings(request.actor, team)[:SHOWN],
        "mentoring": mentoring_of(team),
        "asked": asked_of(request.actor, team),
        "ideas": accepted_ideas(request.actor, team),
    }
    return render(request, "teams/team_detail.html", context)


@signed_in
@require_GET
def team_services(request: SignedInRequest, slug: str) -> HttpResponse:
    """Every application of the team: how far it is, and what it lacks for the next stage."""
    return render(request, "teams/team_services.html", team_head(request, _team(slug)))


@signed_in
@require_GET
def team_history(request: SignedInRequest, slug: str) -> HttpResponse:
    """Every run of the team, filtered."""
    team = _team(slug)
    chosen = {name: request.GET.get(name, "") for name in ("q", "where", "verdict", "application")}
    found = history_of(
        request.actor,
        team,
        text=chosen["q"],
        where=chosen["where"],
        verdict=chosen["verdict"],
        application=chosen["application"],
    )
    context = team_head(request, team) | {
        "page": Paginator(found, ON_A_PAGE).get_page(request.GET.get("page")),
        "chosen": chosen,
        "is_filtered": any(chosen.values()),
        "environments": ENVIRONMENTS,
        "verdicts": VERDICT_CHOICES,
    }
    return render(request, "teams/team_history.html", context)


@signed_in
@require_GET
def team_account_list(request: SignedInRequest, slug: str) -> HttpResponse:
    """The AWS accounts that the team's applications run in, and whether their roles work."""
    team = _team(slug)
    context = team_head(request, team) | {
        "accounts": team_accounts(team),
        "now": database_now(),
        "may_register": may(request.actor, "account.register"),
    }
    return render(request, "teams/team_accounts.html", context)


def team_head(request: SignedInRequest, team: Team) -> dict[str, Any]:
    """What the head and the tabs of every page of a team show."""
    return {
        "team": team,
        "overview": overview_of(request.actor, team, now=database_now()),
        "levels": len(Level),
        "counts": team_counts(request.actor, team),
        "may_manage": may(request.actor, "team.manage", team),
        "may_propose": team.pk in request.actor.team_roles,
    }


def _team(slug: str) -> Team:
    return get_object_or_404(Team.objects.select_related("division"), slug=slug)


urlpatterns = [
    path("teams/<slug:slug>/", team_detail, name="team_detail"),
    path("teams/<slug:slug>/services/", team_services, name="team_services"),
    path("teams/<slug:slug>/history/", team_history, name="team_history"),
    path("teams/<slug:slug>/accounts/", team_account_list, name="team_accounts"),
]
