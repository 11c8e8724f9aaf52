"""What is registered: applications with their places, and accounts with their Regions.

Used by the pages under Set up; a constant number of queries each.
"""

from __future__ import annotations

from django.db.models import Count, Q, QuerySet

from exercises.domain.actors import Actor
from exercises.domain.capacities import OrgRole, TeamRole
from exercises.models import AccountRegion, Application, CloudAccount, Deployment, Team


def registered_applications(*, text: str = "") -> QuerySet[Application]:
    """Every application with `deployment_count`, by name."""
    found = Application.objects.select_related("team").annotate(
        deployment_count=Count("deployments")
    )
    for word in text.split()[:8]:
        found = found.filter(Q(name__icontains=word) | Q(team__name__icontains=word))
    return found.order_by("name", "pk")


def teams_to_register_for(actor: Actor) -> QuerySet[Team]:
    """The teams for which this person may add applications."""
    if OrgRole.PROGRAMME_LEAD.value in actor.org_roles:
        return Team.objects.all()
    own = [pk for pk, role in actor.team_roles.items() if role == TeamRole.OWNER.value]
    return Team.objects.filter(pk__in=own)


def deployments_of(application: Application) -> list[Deployment]:
    return list(
        application.deployments.select_related("place__account", "application__team").order_by(
            "place__account__name", "place__region"
        )
    )


def free_places(application: Application) -> list[AccountRegion]:
    """The Regions in which this application is not registered yet."""
    return list(
        AccountRegion.objects.exclude(deployments__application=application)
        .select_related("account")
        .order_by("account__name", "region")
    )


def registered_accounts() -> QuerySet[CloudAccount]:
    """Every account with its Regions, by name."""
    return CloudAccount.objects.select_related("team").prefetch_related("regions")


def places_of(account: CloudAccount) -> list[AccountRegion]:
    """The Regions of an account with what is deployed in each."""
    return list(
        account.regions.prefetch_related("deployments__application__team").order_by("region")
    )
