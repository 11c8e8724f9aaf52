"""API tokens and services of teams: whose somebody sees and ends. Used by pages and the API."""

from __future__ import annotations

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Now

from exercises.domain.actors import Actor
from exercises.domain.capacities import OrgRole, TeamRole
from exercises.models import ApiToken, Team, User


def tokens_of(actor: Actor) -> QuerySet[ApiToken]:
    """One's own, and those of teams that one owns; a programme lead's are those of all teams."""
    rows = ApiToken.objects.select_related("user__service_of", "issued_by")
    return rows.filter(Q(user=actor.user_id) | Q(user__in=services_of(actor)))


def services_of(actor: Actor) -> QuerySet[User]:
    """The services of the same teams, with the number of tokens that are alive."""
    alive = Q(api_tokens__revoked_at=None, api_tokens__expires_at__gt=Now())
    rows = User.accounts.filter(service_of__isnull=False).select_related("service_of")
    if OrgRole.PROGRAMME_LEAD.value not in actor.org_roles:
        rows = rows.filter(service_of__in=_owned(actor))
    return rows.annotate(alive=Count("api_tokens", filter=alive)).order_by("service_of__name")


def teams_issuing(actor: Actor) -> QuerySet[Team]:
    """The teams in whose name this person has tokens made."""
    return Team.objects.filter(pk__in=_owned(actor)).order_by("name")


def _owned(actor: Actor) -> list[int]:
    return [pk for pk, role in actor.team_roles.items() if role == TeamRole.OWNER.value]
