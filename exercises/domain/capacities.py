"""Roles people hold, and the capacities in which they decide.

A role is given in advance (in a team or in the organisation); a capacity is what a
decision is made in, and is worked out from the roles at the moment of the decision.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from exercises.domain.actors import Actor


class OrgRole(StrEnum):
    PROGRAMME_LEAD = "programme_lead"
    SAFETY_OFFICER = "safety_officer"
    LEADERSHIP = "leadership"
    AUDITOR = "auditor"


class TeamRole(StrEnum):
    MEMBER = "member"
    OPERATOR = "operator"
    OWNER = "owner"


class Capacity(StrEnum):
    SERVICE_OWNER = "service_owner"
    PROGRAMME_LEAD = "programme_lead"
    SAFETY_OFFICER = "safety_officer"


_LABELS: Final = {
    Capacity.SERVICE_OWNER: "Service owner",
    Capacity.PROGRAMME_LEAD: "Programme lead",
    Capacity.SAFETY_OFFICER: "Safety officer",
}


def label(capacity: Capacity) -> str:
    return _LABELS[capacity]


def capacities_of(actor: Actor, *, owner_team_id: int) -> frozenset[Capacity]:
    """The capacities this actor holds for an application of that team, right now."""
    held: set[Capacity] = set()
    if actor.team_roles.get(owner_team_id) == TeamRole.OWNER:
        held.add(Capacity.SERVICE_OWNER)
    if OrgRole.PROGRAMME_LEAD in actor.org_roles:
        held.add(Capacity.PROGRAMME_LEAD)
    if OrgRole.SAFETY_OFFICER in actor.org_roles:
        held.add(Capacity.SAFETY_OFFICER)
    return frozenset(held)
