"""Every page, gathered from the module that serves it."""

from __future__ import annotations

from exercises.web import (
    accounts,
    applications,
    approvals,
    calendar,
    compose,
    debrief,
    experiments,
    findings,
    home,
    preflight,
    reports,
    room,
    signin,
    stop,
    stream,
    teams,
    templates,
    tokens,
)
from exercises.web import exercises as exercise_pages

urlpatterns = [
    *home.urlpatterns,
    *signin.urlpatterns,
    *exercise_pages.urlpatterns,
    *preflight.urlpatterns,
    *compose.urlpatterns,
    *experiments.urlpatterns,
    *approvals.urlpatterns,
    *calendar.urlpatterns,
    *templates.urlpatterns,
    *teams.urlpatterns,
    *room.urlpatterns,
    *stream.urlpatterns,
    *stop.urlpatterns,
    *debrief.urlpatterns,
    *findings.urlpatterns,
    *reports.urlpatterns,
    *applications.urlpatterns,
    *accounts.urlpatterns,
    *tokens.urlpatterns,
]
