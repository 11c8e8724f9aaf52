"""The demo's teams and people, by domain and by role: nobody real, nobody invented.

Used by demo_data, which also prints the sign-ins from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from exercises.domain.capacities import OrgRole, TeamRole
from exercises.models import Membership, OrganisationRole, Team, User

TEAMS: Final = {
    "vehicle-telemetry": "Vehicle Telemetry",
    "developer-platform": "Developer Platform",
    "configurator-platform": "Configurator Platform",
    "charging": "Charging",
    "digital-key": "Digital Key",
    "content-moderation": "Content Moderation",
    "customer-identity": "Customer Identity",
    "media-entertainment": "Media & Entertainment",
}


@dataclass(frozen=True, slots=True)
class Person:
    """One sign-in. `try_this` is what a newcomer sees best with it."""

    name: str
    title: str
    try_this: str
    org_role: OrgRole | None = None
    team: str = ""
    team_role: TeamRole | None = None

    @property
    def email(self) -> str:
        return f"{self.name.lower().replace(' ', '.').replace('-', '')}@example.test"


LEAD: Final = "Resilience engineer"
SAFETY: Final = "Safety officer"

PEOPLE: Final = (
    Person(
        LEAD,
        "Leads the Cloud ITEE programme",
        "Open this month's exercise and say Go",
        org_role=OrgRole.PROGRAMME_LEAD,
    ),
    Person(
        SAFETY,
        "Approves what reaches a whole Availability Zone",
        "Approve the experiment that waits in Approvals",
        org_role=OrgRole.SAFETY_OFFICER,
    ),
    Person(
        "Head of platform",
        "Leadership",
        "See how the programme is doing",
        org_role=OrgRole.LEADERSHIP,
    ),
    Person(
        "Auditor",
        "Checks who approved what",
        "Read the approvals and the activity of a past exercise",
        org_role=OrgRole.AUDITOR,
    ),
    Person(
        "Telemetry service owner",
        "Owns the MQTT broker",
        "Open the split-brain finding of last month",
        team="vehicle-telemetry",
        team_role=TeamRole.OWNER,
    ),
    Person(
        "Telemetry engineer",
        "Writes experiments for Vehicle Telemetry",
        "Propose an experiment and see its targets",
        team="vehicle-telemetry",
        team_role=TeamRole.MEMBER,
    ),
    Person(
        "Telemetry on-call",
        "On call for Vehicle Telemetry",
        "Watch the live room and press Stop",
        team="vehicle-telemetry",
        team_role=TeamRole.OPERATOR,
    ),
    Person(
        "Developer platform owner",
        "Owns the CI runners",
        "Decide on the experiment of your team",
        team="developer-platform",
        team_role=TeamRole.OWNER,
    ),
    Person(
        "Developer platform engineer",
        "Writes experiments for the Developer Platform",
        "Issue an API token and read the API docs",
        team="developer-platform",
        team_role=TeamRole.MEMBER,
    ),
    Person(
        "Charging owner",
        "Owns the charging services",
        "Answer an invitation to the next exercise",
        team="charging",
        team_role=TeamRole.OWNER,
    ),
    Person(
        "Charging engineer",
        "Writes experiments for Charging",
        "Edit a proposed experiment: its approvals start again",
        team="charging",
        team_role=TeamRole.MEMBER,
    ),
    Person(
        "Identity owner",
        "Owns the customer identity services",
        "See what waits for your team",
        team="customer-identity",
        team_role=TeamRole.OWNER,
    ),
    Person(
        "Identity engineer",
        "Writes experiments for Customer Identity",
        "Finish the draft of your team",
        team="customer-identity",
        team_role=TeamRole.MEMBER,
    ),
    Person(
        "Configurator owner",
        "Owns the car configurator",
        "Accept the invitation and name who is on call",
        team="configurator-platform",
        team_role=TeamRole.OWNER,
    ),
    Person(
        "Media owner",
        "Owns the media services",
        "See the exercise as a team that watches",
        team="media-entertainment",
        team_role=TeamRole.OWNER,
    ),
    Person(
        "Media engineer",
        "Writes experiments for Media & Entertainment",
        "See what a late function costs its callers",
        team="media-entertainment",
        team_role=TeamRole.MEMBER,
    ),
    Person(
        "Moderation owner",
        "Owns content moderation",
        "Decide on the experiments of your team",
        team="content-moderation",
        team_role=TeamRole.OWNER,
    ),
    Person(
        "Moderation engineer",
        "Writes experiments for Content Moderation",
        "Propose what happens when a model does not run",
        team="content-moderation",
        team_role=TeamRole.MEMBER,
    ),
    Person(
        "Observer",
        "Watches exercises",
        "Watch the live room: reading, notes and Stop",
    ),
)


def owner_of(team: str) -> str:
    """The name of who owns the team's services."""
    return next(p.name for p in PEOPLE if p.team == team and p.team_role is TeamRole.OWNER)


def on_call_of(team: str) -> str:
    """The name of who is on call for the team: its operator, else its owner."""
    operators = [p.name for p in PEOPLE if p.team == team and p.team_role is TeamRole.OPERATOR]
    return operators[0] if operators else owner_of(team)


def seed_teams() -> dict[str, Team]:
    """The teams, by slug."""
    return {
        slug: Team.objects.get_or_create(slug=slug, defaults={"name": name})[0]
        for slug, name in TEAMS.items()
    }


def seed_people(teams: dict[str, Team]) -> dict[str, User]:
    """The people with their roles, by name. Nobody has a password: the demo signs in by click."""
    people = {person.name: _user(person) for person in PEOPLE}
    for person in PEOPLE:
        user = people[person.name]
        if person.org_role is not None:
            OrganisationRole.objects.get_or_create(
                user=user, role=person.org_role.value, defaults={"granted_at": None}
            )
        if person.team_role is not None:
            Membership.objects.get_or_create(
                team=teams[person.team],
                user=user,
                defaults={"role": person.team_role.value, "granted_at": None},
            )
    return people


def _user(person: Person) -> User:
    found = User.objects.filter(email=person.email).first()
    if found is not None:
        return found
    return User.objects.create_user(
        email=person.email,
        name=person.name,
        title=person.title,
        is_demo=True,
        demo_hint=person.try_this,
    )
