"""Tables, one topic a file. Import models from here."""

from __future__ import annotations

from exercises.models.accounts import AccountRegion, CloudAccount
from exercises.models.applications import Application, Deployment
from exercises.models.attachments import AttachedBytes, Attachment
from exercises.models.audit import AuditEntry, AuditName
from exercises.models.blameless import BlamelessSetting
from exercises.models.calendar_feeds import CalendarFeed
from exercises.models.catalogue import OfferedAction, Template, TemplateVersion
from exercises.models.ci import OidcIssuer, OidcRule
from exercises.models.clean_ups import CleanUp, RunSnapshot
from exercises.models.debriefs import DebriefAnswers
from exercises.models.decisions import Decision
from exercises.models.exercises import Exercise, Participation
from exercises.models.experiments import (
    Experiment,
    ExperimentRevision,
    PreflightCheck,
    TargetPreview,
)
from exercises.models.findings import Finding, FindingEvidence, FindingNote
from exercises.models.freezes import FreezeException, FreezeSource, FreezeWindow
from exercises.models.game_days import (
    FinalStandings,
    GameDay,
    GameRound,
    Improvement,
    ImprovementJudgement,
    ImprovementVote,
    ScoreEntry,
)
from exercises.models.going_live import GoPair, GoRequest, GoTry, HoldPoint
from exercises.models.incidents import Incident
from exercises.models.kept_answers import KeptAnswer
from exercises.models.knowledge import KnowledgePage, KnowledgeVersion
from exercises.models.measurements import ResolvedTarget, Sample
from exercises.models.mentoring import LadderOverride, MentorRequest, MentorSignOff
from exercises.models.notifications import (
    Announcement,
    Channel,
    Delivery,
    Notice,
    NoticePolicy,
    NoticeWishes,
)
from exercises.models.people import Division, Membership, OrganisationRole, Team, User
from exercises.models.policy import PolicyActivation, PolicyVersion
from exercises.models.predictions import Prediction
from exercises.models.propagation import FindingQuestion
from exercises.models.report_mails import ReportSubscription
from exercises.models.reports import ClauseVersion, ReportBrief
from exercises.models.role_checks import RoleCheck
from exercises.models.runs import Pin, Run, RunEvent
from exercises.models.saved_views import SavedView
from exercises.models.schedules import MissedOccurrence, Programme, Schedule
from exercises.models.sign_ins import SignInAttempt
from exercises.models.start_answers import StartAnswer
from exercises.models.stopping import Recovery, SafetyLever, SignOfLife
from exercises.models.tokens import ApiToken
from exercises.models.webhooks import WebhookDelivery, WebhookEndpoint, WebhookEvent

__all__ = [
    "AccountRegion",
    "Announcement",
    "ApiToken",
    "Application",
    "AttachedBytes",
    "Attachment",
    "AuditEntry",
    "AuditName",
    "BlamelessSetting",
    "CalendarFeed",
    "Channel",
    "ClauseVersion",
    "CleanUp",
    "CloudAccount",
    "DebriefAnswers",
    "Decision",
    "Delivery",
    "Deployment",
    "Division",
    "Exercise",
    "Experiment",
    "ExperimentRevision",
    "FinalStandings",
    "Finding",
    "FindingEvidence",
    "FindingNote",
    "FindingQuestion",
    "FreezeException",
    "FreezeSource",
    "FreezeWindow",
    "GameDay",
    "GameRound",
    "GoPair",
    "GoRequest",
    "GoTry",
    "HoldPoint",
    "Improvement",
    "ImprovementJudgement",
    "ImprovementVote",
    "Incident",
    "KeptAnswer",
    "KnowledgePage",
    "KnowledgeVersion",
    "LadderOverride",
    "Membership",
    "MentorRequest",
    "MentorSignOff",
    "MissedOccurrence",
    "Notice",
    "NoticePolicy",
    "NoticeWishes",
    "OfferedAction",
    "OidcIssuer",
    "OidcRule",
    "OrganisationRole",
    "Participation",
    "Pin",
    "PolicyActivation",
    "PolicyVersion",
    "Prediction",
    "PreflightCheck",
    "Programme",
    "Recovery",
    "ReportBrief",
    "ReportSubscription",
    "ResolvedTarget",
    "RoleCheck",
    "Run",
    "RunEvent",
    "RunSnapshot",
    "SafetyLever",
    "Sample",
    "SavedView",
    "Schedule",
    "ScoreEntry",
    "SignInAttempt",
    "SignOfLife",
    "StartAnswer",
    "TargetPreview",
    "Team",
    "Template",
    "TemplateVersion",
    "User",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookEvent",
]
