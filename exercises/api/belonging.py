"""The addresses of what belongs to a team, an application, an account, an exercise, a game day."""

from __future__ import annotations

from typing import Any, Final

from django.urls import path

from exercises.api.deployments import Deployments
from exercises.api.feeds import Feeds
from exercises.api.in_accounts import InAccount, Targets
from exercises.api.playing import OfGameDay
from exercises.api.taking_part import OfExercise
from exercises.api.teams import MembersOfTeam, Teams
from exercises.api.words import Mentors, WordsOfReport

_EXERCISE: Final = "exercises/<slug:slug>/"
_GAME_DAY: Final = "game-days/<slug:slug>/"
_ONE: Final[dict[str, Any]] = {"get": "retrieve", "put": "update"}

belonging: Final = [
    path("teams/", Teams.as_view({"get": "list", "post": "create"}), name="api-team-list"),
    path("teams/<slug:slug>/", Teams.as_view({"get": "retrieve"}), name="api-team-detail"),
    path("teams/<slug:slug>/members/", Teams.as_view({"post": "members"}), name="api-team-members"),
    path(
        "teams/<slug:slug>/members/<int:pk>/",
        MembersOfTeam.as_view({**_ONE, "delete": "destroy"}),
        name="api-team-member",
    ),
    path(
        "applications/<slug:slug>/deployments/",
        Deployments.as_view({"post": "create"}),
        name="api-deployment-list",
    ),
    path(
        "applications/<slug:slug>/deployments/<str:account_id>/<str:region>/",
        Deployments.as_view(_ONE),
        name="api-deployment",
    ),
    path(
        "applications/<slug:slug>/ladder/<slug:family>/mentor/",
        Mentors.as_view({"post": "ask"}),
        name="api-mentor-ask",
    ),
    path(
        "accounts/<str:account_id>/check/",
        InAccount.as_view({"post": "check"}),
        name="api-account-check",
    ),
    path(
        "accounts/<str:account_id>/<str:region>/stop/",
        InAccount.as_view({"post": "stop"}),
        name="api-account-stop",
    ),
    path(
        "experiments/<int:pk>/targets/",
        Targets.as_view({"post": "look"}),
        name="api-experiment-targets",
    ),
    path("feeds/", Feeds.as_view({"get": "list", "post": "create"}), name="api-feed-list"),
    path("feeds/<int:number>/", Feeds.as_view({"get": "retrieve"}), name="api-feed-detail"),
    path("feeds/<int:number>/revoke/", Feeds.as_view({"post": "revoke"}), name="api-feed-revoke"),
    path(
        "reports/<slug:period>/words/",
        WordsOfReport.as_view({"post": "write"}),
        name="api-report-words",
    ),
    path(
        f"{_EXERCISE}participants/",
        OfExercise.as_view({"post": "invite"}),
        name="api-exercise-invite",
    ),
    path(
        f"{_EXERCISE}participants/<slug:application>/",
        OfExercise.as_view({"put": "answer"}),
        name="api-exercise-answer",
    ),
    path(f"{_EXERCISE}move/", OfExercise.as_view({"post": "move"}), name="api-exercise-move"),
    path(f"{_EXERCISE}no-go/", OfExercise.as_view({"put": "no_go"}), name="api-exercise-no-go"),
    path(f"{_EXERCISE}notes/", OfExercise.as_view({"post": "note"}), name="api-exercise-note"),
    path(
        f"{_EXERCISE}events/<int:event_id>/pin/",
        OfExercise.as_view({"put": "pin", "delete": "unpin"}),
        name="api-exercise-pin",
    ),
    path(
        f"{_EXERCISE}debrief/", OfExercise.as_view({"put": "debrief"}), name="api-exercise-debrief"
    ),
    path(f"{_GAME_DAY}rules/", OfGameDay.as_view({"put": "rules"}), name="api-game-day-rules"),
    path(f"{_GAME_DAY}board/", OfGameDay.as_view({"put": "opt"}), name="api-game-day-opt"),
    path(
        f"{_GAME_DAY}improvements/<int:pk>/vote/",
        OfGameDay.as_view({"post": "vote"}),
        name="api-game-day-vote",
    ),
    path(f"{_GAME_DAY}words/", OfGameDay.as_view({"post": "say"}), name="api-game-day-say"),
]
