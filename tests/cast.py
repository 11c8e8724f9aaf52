"""The people of the tests, each with a stated role. Used through the `cast` fixture."""

from __future__ import annotations

from dataclasses import dataclass

from exercises.domain.actors import Actor, Door
from exercises.domain.capacities import OrgRole, TeamRole
from exercises.models import Membership, OrganisationRole, Team, User
from exercises.permissions import actor_for


@dataclass(frozen=True)
class Cast:
    """Two teams and everyone around them."""

    team: Team
    other_team: Team
    lead: User  # programme lead, leads the exercises
    safety: User  # safety officer
    owner: User  # owns the team
    operator: User  # on call for the team
    author: User  # member of the team, writes and proposes
    outsider: User  # member of the other team
    leadership: User
    auditor: User

    def actor(self, name: str, door: Door = Door.PAGE) -> Actor:
        """The actor that this person is right now."""
        user: User = getattr(self, name)
        return actor_for(User.objects.get(pk=user.pk), door)


def assemble() -> Cast:
    """Create the cast in the database."""
    team = Team.objects.create(slug="vehicle-telemetry", name="Vehicle Telemetry")
    other = Team.objects.create(slug="charging", name="Charging")

    def person(role: str) -> User:
        return User.objects.create_user(
            email=f"{role.replace(' ', '-').lower()}@example.test",
            password="correct horse",
            name=role,
        )

    lead = person("Programme lead")
    safety = person("Safety officer")
    leadership = person("Leadership")
    auditor = person("Auditor")
    for user, org_role in (
        (lead, OrgRole.PROGRAMME_LEAD),
        (safety, OrgRole.SAFETY_OFFICER),
        (leadership, OrgRole.LEADERSHIP),
        (auditor, OrgRole.AUDITOR),
    ):
        OrganisationRole.objects.create(user=user, role=org_role.value, granted_at=None)
    owner, operator, author = person("Team owner"), person("Team operator"), person("Team author")
    outsider = person("Outsider")
    for user, where, role in (
        (owner, team, TeamRole.OWNER),
        (operator, team, TeamRole.OPERATOR),
        (author, team, TeamRole.MEMBER),
        (outsider, other, TeamRole.MEMBER),
    ):
        Membership.objects.create(user=user, team=where, role=role.value, granted_at=None)
    return Cast(team, other, lead, safety, owner, operator, author, outsider, leadership, auditor)
