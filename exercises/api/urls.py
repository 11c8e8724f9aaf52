"""The addresses of the API, its OpenAPI document and its documentation page."""

from __future__ import annotations

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import SimpleRouter

from exercises.api.approvals import Approval
from exercises.api.attachments import FileOfFinding, FilesOfFinding
from exercises.api.audit import Audit
from exercises.api.az_readiness import AzReadiness
from exercises.api.badges import BadgeSetting
from exercises.api.belonging import belonging
from exercises.api.blameless import Blameless
from exercises.api.catalogue import Templates
from exercises.api.ci_issuers import CiIssuers
from exercises.api.clauses import Clauses
from exercises.api.confidence import AccountPolicies, Overrides, Rotation, SignOffs, Standing
from exercises.api.desired_state import THINGS, DesiredState
from exercises.api.docs import api_docs
from exercises.api.estate import Accounts, Applications
from exercises.api.event_stream import Events
from exercises.api.exercise_reports import ReportOfExercise
from exercises.api.exercises import Exercises
from exercises.api.experiments import Experiments
from exercises.api.findings import Findings
from exercises.api.freezes import FreezeCalendars, Freezes
from exercises.api.game_days import GameDays
from exercises.api.gates import Gates, SigningKey
from exercises.api.git_imports import TemplateRepositories
from exercises.api.incidents import Incidents
from exercises.api.knowledge import Knowledge
from exercises.api.me import Me
from exercises.api.notices import Channels, Deliveries, MyWishes, NoticeRulesView, Notices
from exercises.api.planning import Calendar, Conflicts, Dependencies, FreeSlots
from exercises.api.policy import Policy, PolicyOfNumber
from exercises.api.propagation import Questions
from exercises.api.report_mails import ReportMails
from exercises.api.reports import ReportOfPeriod, ResilienceScore
from exercises.api.runs import Runs
from exercises.api.saved_views import SavedViews
from exercises.api.schedules import Schedules
from exercises.api.search import Search
from exercises.api.template_imports import TemplateImports
from exercises.api.template_versions import OfVersion
from exercises.api.tokens import Services, Tokens
from exercises.api.webhooks import WebhookDeliveries, Webhooks
from exercises.domain.desired_state import KEY_OF

router = SimpleRouter()
router.register("exercises", Exercises, basename="api-exercise")
router.register("experiments", Experiments, basename="api-experiment")
router.register("runs", Runs, basename="api-run")
router.register("templates", Templates, basename="api-template")
router.register("accounts", Accounts, basename="api-account")
router.register("applications", Applications, basename="api-application")
router.register("report-mails", ReportMails, basename="api-report-mail")
router.register("freezes", Freezes, basename="api-freeze")
router.register("freeze-calendars", FreezeCalendars, basename="api-freeze-calendar")
router.register("incidents", Incidents, basename="api-incident")
router.register("schedules", Schedules, basename="api-schedule")
router.register("findings", Findings, basename="api-finding")
router.register("finding-questions", Questions, basename="api-finding-question")
router.register("knowledge", Knowledge, basename="api-knowledge")
router.register("game-days", GameDays, basename="api-game-day")
router.register("finding-views", SavedViews, basename="api-finding-view")
router.register("sign-offs", SignOffs, basename="api-sign-off")
router.register("overrides", Overrides, basename="api-override")
router.register("notices", Notices, basename="api-notice")
router.register("channels", Channels, basename="api-channel")
router.register("deliveries", Deliveries, basename="api-delivery")
router.register("webhooks", Webhooks, basename="api-webhook")
router.register("webhook-deliveries", WebhookDeliveries, basename="api-webhook-delivery")
router.register("tokens", Tokens, basename="api-token")
router.register("ci-issuers", CiIssuers, basename="api-ci-issuer")
router.register("services", Services, basename="api-service")
router.register("audit", Audit, basename="api-audit")

single = [
    path("me/", Me.as_view(), name="api-me"),
    path("events/", Events.as_view(), name="api-events"),
    path("me/wishes/", MyWishes.as_view({"get": "retrieve", "put": "update"}), name="api-wishes"),
    path("blameless/", Blameless.as_view({"get": "read", "put": "write"}), name="api-blameless"),
    path(
        "notice-policy/",
        NoticeRulesView.as_view({"get": "retrieve", "put": "update"}),
        name="api-notice-policy",
    ),
    path(
        "findings/<int:pk>/attachments/",
        FilesOfFinding.as_view({"get": "index", "post": "attach"}),
        name="api-attachments",
    ),
    path(
        "findings/<int:pk>/attachments/<int:file>/",
        FileOfFinding.as_view({"get": "read"}),
        name="api-attachment",
    ),
    path(
        "findings/<int:pk>/attachments/<int:file>/take-away/",
        FileOfFinding.as_view({"post": "take_away"}),
        name="api-attachment-away",
    ),
    path("search/", Search.as_view({"get": "read"}), name="api-search"),
    path("policy/", Policy.as_view({"get": "read", "post": "propose"}), name="api-policy"),
    path(
        "policy/<int:number>/", PolicyOfNumber.as_view({"get": "read"}), name="api-policy-version"
    ),
    path(
        "desired-state/",
        DesiredState.as_view({"get": "read", "put": "write"}),
        name="api-desired-state",
    ),
    path(
        "desired-state/plan/",
        DesiredState.as_view({"post": "plan"}),
        name="api-desired-state-plan",
    ),
    *(
        path(
            f"desired-state/{kind}/<str:{KEY_OF[kind]}>/"
            if kind in KEY_OF
            else f"desired-state/{kind}/",
            thing.as_view({"get": "retrieve", "put": "update"}),
            name=f"api-desired-{kind}",
        )
        for kind, thing in THINGS.items()
    ),
    path("calendar/", Calendar.as_view({"get": "read"}), name="api-calendar"),
    path(
        "exercises/<slug:slug>/conflicts/",
        Conflicts.as_view({"get": "read"}),
        name="api-conflicts",
    ),
    path(
        "experiments/<int:pk>/free-slots/",
        FreeSlots.as_view({"get": "read"}),
        name="api-free-slots",
    ),
    path(
        "experiments/<int:pk>/asked/",
        Approval.as_view({"get": "read"}),
        name="api-experiment-asked",
    ),
    path(
        "applications/<slug:slug>/dependencies/",
        Dependencies.as_view({"get": "read", "put": "write"}),
        name="api-dependencies",
    ),
    path(
        "applications/<slug:slug>/ladder/",
        Standing.as_view({"get": "ladder"}),
        name="api-ladder",
    ),
    path(
        "applications/<slug:slug>/lifecycle/",
        Standing.as_view({"get": "lifecycle"}),
        name="api-lifecycle",
    ),
    path(
        "applications/<slug:slug>/objectives/",
        Standing.as_view({"put": "objectives"}),
        name="api-objectives",
    ),
    path("exercises/<slug:slug>/rotation/", Rotation.as_view({"get": "read"}), name="api-rotation"),
    path(
        "accounts/<str:account_id>/az-readiness/",
        AzReadiness.as_view({"get": "read"}),
        name="api-az-readiness",
    ),
    path(
        "accounts/<str:account_id>/policies/",
        AccountPolicies.as_view({"get": "read"}),
        name="api-account-policies",
    ),
    path(
        "applications/<slug:slug>/badge/",
        BadgeSetting.as_view({"put": "write"}),
        name="api-badge",
    ),
    path("gates/<slug:slug>/", Gates.as_view({"get": "read"}), name="api-gate"),
    path("signing-key/", SigningKey.as_view({"get": "read"}), name="api-signing-key"),
    path(
        "templates/<slug:slug>/lint/",
        OfVersion.as_view({"get": "lint"}),
        name="api-template-lint",
    ),
    path(
        "templates/<slug:slug>/changes/",
        OfVersion.as_view({"get": "changes"}),
        name="api-template-changes",
    ),
    path(
        "templates/<slug:slug>/export/",
        OfVersion.as_view({"get": "export"}),
        name="api-template-export",
    ),
    path(
        "templates/<slug:slug>/policy/",
        OfVersion.as_view({"get": "policy"}),
        name="api-template-policy",
    ),
    path(
        "templates/<slug:slug>/uses/",
        OfVersion.as_view({"get": "uses"}),
        name="api-template-uses",
    ),
    path(
        "template-imports/",
        TemplateImports.as_view({"post": "publish"}),
        name="api-template-imports",
    ),
    path(
        "template-repositories/",
        TemplateRepositories.as_view({"post": "look"}),
        name="api-template-repositories",
    ),
    path(
        "template-repositories/import/",
        TemplateRepositories.as_view({"post": "take"}),
        name="api-template-repository-import",
    ),
    path(
        "template-beginnings/",
        TemplateImports.as_view({"post": "begin"}),
        name="api-template-beginnings",
    ),
    path(
        "accounts/<str:account_id>/offers/",
        TemplateImports.as_view({"post": "offers"}),
        name="api-account-offers",
    ),
    path("clauses/", Clauses.as_view(), name="api-clauses"),
    path("resilience-score/", ResilienceScore.as_view(), name="api-resilience-score"),
    path("exercises/<slug:slug>/report/", ReportOfExercise.as_view(), name="api-exercise-report"),
    path("reports/<slug:period>/", ReportOfPeriod.as_view(), name="api-report"),
]

urlpatterns = [
    path("v1/", include([*router.urls, *single, *belonging])),
    path("schema/", SpectacularAPIView.as_view(), name="api_schema"),
    path("docs/", api_docs, name="api_docs"),
]
