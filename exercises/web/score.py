"""The resilience score: its formula, every team, every application, and what it is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET

from exercises.domain.resilience_score import FORMULA, ApplicationScore, score_of_all
from exercises.models import Application
from exercises.models.due_work import database_now
from exercises.queries.organisation_day import organisation_zone
from exercises.queries.report_shown import points
from exercises.queries.score import scored_applications
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.numbers import whole

PAGE_SIZE: Final = 40


@dataclass(frozen=True, slots=True)
class Row:
    application: Application
    score: ApplicationScore

    @property
    def words(self) -> str:
        return points(self.score.percent)


@signed_in
@require_GET
def score(request: SignedInRequest) -> HttpResponse:
    """The lowest first: where a re-test gains most."""
    zone = organisation_zone()
    today = database_now().astimezone(zone).date()
    everything = scored_applications(zone, days=[today])
    teams = {one.application.team_id: one.application.team for one in everything}
    team = teams.get(whole(request.GET.get("team", "")) or 0)
    shown = [one for one in everything if team is None or one.scored.team_id == team.pk]
    rows = [Row(one.application, one.scored.on(today)) for one in shown]
    rows.sort(key=lambda row: (row.score.percent is None, row.score.percent or 0.0))
    context = {
        "formula": FORMULA,
        "total": points(score_of_all((one.scored for one in shown), today)),
        "team": team,
        "teams": sorted(teams.values(), key=lambda one: one.name),
        "page": Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")),
        "today": today,
    }
    return render(request, "reports/score.html", context)


urlpatterns = [path("reports/score/", score, name="score")]
