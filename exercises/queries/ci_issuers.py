"""Which CI is taken at its word, for who may see it. Used by the page and the API."""

from __future__ import annotations

from django.db.models import Prefetch, QuerySet

from exercises.domain.actors import Actor
from exercises.domain.capacities import OrgRole
from exercises.models import OidcIssuer, OidcRule


def issuers_seen_by(actor: Actor) -> QuerySet[OidcIssuer]:
    """All for a programme lead, none for anybody else, with their rules in order."""
    is_lead = OrgRole.PROGRAMME_LEAD.value in actor.org_roles
    rows = OidcIssuer.objects.all() if is_lead else OidcIssuer.objects.none()
    return rows.prefetch_related(Prefetch("rules", OidcRule.objects.select_related("team")))
