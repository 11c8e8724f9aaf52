"""Teams as pages show them: who belongs, what they run, what they learned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet

from exercises.domain.actors import Actor
from exercises.domain.finding_states import STANDING
from exercises.models import (
    CloudAccount,
    Experiment,
    Finding,
    Membership,
    Run,
    Team,
)

RECENT = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class TeamRow:
    """One line of the list."""

    team: Team
    members: int
    applications: int
    runs: int
    open_findings: int


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
        Finding.objects.visible_to(actor).filter(state__in=STANDING), "application__team"
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


@dataclass(frozen=True, slots=True)
class TeamCounts:
    """The numbers on a team's tabs."""

    experiments: int
    findings: int
    accounts: int
    members: int


def team_counts(actor: Actor, team: Team) -> TeamCounts:
    """How much of each a team has, as far as this person sees it."""
    return TeamCounts(
        experiments=Experiment.objects.visible_to(actor).filter(application__team=team).count(),
        findings=Finding.objects.visible_to(actor)
        .filter(application__team=team, state__in=STANDING)
        .count(),
        accounts=_accounts(team).count(),
        members=team.memberships.count(),
    )


def _accounts(team: Team) -> QuerySet[CloudAccount]:
    """Its own, and those that its applications run in."""
    return CloudAccount.objects.filter(
        Q(team=team) | Q(regions__deployments__application__team=team)
    ).distinct()


def team_accounts(team: Team) -> list[CloudAccount]:
    """The accounts with their Regions and the last look at their roles."""
    return list(
        _accounts(team)
        .select_related("team")
        .prefetch_related("regions__deployments__application", "role_checks")
        .order_by("name")
    )


def team_members(team: Team) -> list[Membership]:
    """Who belongs to it, by name."""
    return list(team.memberships.select_related("user").order_by("user__name", "pk"))
