"""Teams as pages show them: who belongs, what they run, what they learned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet

from exercises.domain.actors import Actor
from exercises.domain.finding_states import OPEN, FindingState
from exercises.models import (
    Application,
    CloudAccount,
    Experiment,
    Finding,
    Membership,
    Run,
    Team,
)

RECENT = timedelta(days=90)
MOST_RUNS = 10
MOST_FINDINGS = 8
OPEN_STATES = tuple(state.value for state in OPEN - {FindingState.DRAFT})


@dataclass(frozen=True, slots=True)
class TeamRow:
    """One line of the list."""

    team: Team
    members: int
    applications: int
    runs: int
    open_findings: int


@dataclass(frozen=True, slots=True)
class ApplicationLine:
    """One application, where it is deployed, and how its last run ended."""

    application: Application
    last_run: Run | None


@dataclass(frozen=True, slots=True)
class TeamView:
    team: Team
    members: tuple[Membership, ...]
    applications: tuple[ApplicationLine, ...]
    accounts: tuple[CloudAccount, ...]
    runs: tuple[Run, ...]
    findings: tuple[Finding, ...]


def team_rows(actor: Actor, *, now: datetime, text: str = "") -> list[TeamRow]:
    """All teams with their numbers of the last 90 days, in a constant number of queries."""
    teams = Team.objects.select_related("division").annotate(
        member_count=Count("memberships", distinct=True),
        application_count=Count("applications", distinct=True),
    )
    for word in text.split()[:8]:
        teams = teams.filter(name__icontains=word)
    runs = _count_by_team(
        Run.objects.filter(
            experiment__in=Experiment.objects.visible_to(actor).values("pk"),
            is_rehearsal=False,
            started_at__gte=now - RECENT,
        ),
        "experiment__application__team",
    )
    findings = _count_by_team(
        Finding.objects.visible_to(actor).filter(state__in=OPEN_STATES), "application__team"
    )
    return [
        TeamRow(
            team,
            team.member_count,
            team.application_count,
            runs.get(team.pk, 0),
            findings.get(team.pk, 0),
        )
        for team in teams
    ]


def _count_by_team(rows: QuerySet[Run] | QuerySet[Finding], path: str) -> dict[int, int]:
    counted = rows.order_by().values(path).annotate(count=Count("pk", distinct=True))
    return {row[path]: row["count"] for row in counted}


def team_view(actor: Actor, team: Team) -> TeamView:
    """One team, in a constant number of queries."""
    seen = Run.objects.filter(
        experiment__in=Experiment.objects.visible_to(actor).values("pk"),
        experiment__application__team=team,
        is_rehearsal=False,
        started_at__isnull=False,
    ).select_related("experiment__exercise", "experiment__deployment__place__account")
    last = {
        run.experiment.application_id: run
        for run in seen.order_by("experiment__application_id", "-started_at").distinct(
            "experiment__application_id"
        )
    }
    applications = team.applications.prefetch_related("deployments__place__account")
    return TeamView(
        team=team,
        members=tuple(team.memberships.select_related("user").order_by("user__name", "pk")),
        applications=tuple(ApplicationLine(a, last.get(a.pk)) for a in applications),
        accounts=tuple(
            CloudAccount.objects.filter(
                Q(team=team) | Q(regions__deployments__application__team=team)
            ).distinct()
        ),
        runs=tuple(seen.order_by("-started_at")[:MOST_RUNS]),
        findings=tuple(
            Finding.objects.visible_to(actor)
            .filter(application__team=team, state__in=OPEN_STATES)
            .select_related("application")
            .order_by("-severity", "due_on", "-pk")[:MOST_FINDINGS]
        ),
    )
