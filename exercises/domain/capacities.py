"""Roles people hold, and the capacities in which they decide.

A role is given in advance (in a team or in the organisation); a capacity is what a
decision is made in, and is worked out from the roles at the moment of the decision.
"""

from __future__ import annotations

from collections.abc import Set
from enum import StrEnum
from typing import Final

from exercises.domain.actors import Actor


class OrgRole(StrEnum):
    PROGRAMME_LEAD = "programme_lead"
    SAFETY_OFFICER = "safety_officer"
    CHANGE_MANAGER = "change_manager"
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
    CHANGE_MANAGER = "change_manager"
    DEPENDENT_OWNER = "dependent_owner"


_LABELS: Final = {
    Capacity.SERVICE_OWNER: "Service owner",
    Capacity.PROGRAMME_LEAD: "Programme lead",
    Capacity.SAFETY_OFFICER: "Safety officer",
    Capacity.CHANGE_MANAGER: "Change manager",
    Capacity.DEPENDENT_OWNER: "Owner of a dependent service",
}


def label(capacity: Capacity) -> str:
    return _LABELS[capacity]


CAPACITY_OF_ROLE: Final = {
    OrgRole.PROGRAMME_LEAD: Capacity.PROGRAMME_LEAD,
    OrgRole.SAFETY_OFFICER: Capacity.SAFETY_OFFICER,
    OrgRole.CHANGE_MANAGER: Capacity.CHANGE_MANAGER,
}
DECIDING_ROLES: Final = frozenset(role.value for role in CAPACITY_OF_ROLE)
"""The roles of the organisation that somebody can decide in."""


def capacities_of(
    actor: Actor, *, owner_team_id: int, dependent_team_ids: Set[int] = frozenset()
) -> frozenset[Capacity]:
    """The capacities this actor holds for an application of that team, right now.

    `dependent_team_ids` are the other teams whose applications depend on it.
    """
    held = {capacity for role, capacity in CAPACITY_OF_ROLE.items() if role in actor.org_roles}
    if actor.team_roles.get(owner_team_id) == TeamRole.OWNER:
        held.add(Capacity.SERVICE_OWNER)
    if any(actor.team_roles.get(team_id) == TeamRole.OWNER for team_id in dependent_team_ids):
        held.add(Capacity.DEPENDENT_OWNER)
    return frozenset(held)
