"""What the demo's parts share: the people, places and things that are there already."""

from __future__ import annotations

from dataclasses import dataclass

from exercises.domain.actors import Actor, Door
from exercises.management.demo.connected import seed_connected
from exercises.management.demo.estate import (
    REGION,
    seed_applications,
    seed_deployments,
    seed_places,
)
from exercises.management.demo.people import LEAD, SAFETY, seed_people, seed_teams
from exercises.management.demo.programme import seed_freeze, seed_programme, seed_team_freeze
from exercises.management.demo.templates import seed_catalogue
from exercises.models import Application, Deployment, Programme, TemplateVersion, User
from exercises.permissions import actor_for


@dataclass(frozen=True, slots=True)
class World:
    """Everything by the name its part of the demo gives it."""

    people: dict[str, User]
    applications: dict[str, Application]
    deployments: dict[tuple[str, str], Deployment]
    templates: dict[str, TemplateVersion]
    programme: Programme
    region: str = REGION

    @property
    def lead(self) -> User:
        return self.people[LEAD]

    @property
    def safety_officer(self) -> User:
        return self.people[SAFETY]

    def actor(self, name: str) -> Actor:
        """This person, as if on the pages: nobody decides through any other door."""
        return actor_for(self.people[name], Door.PAGE)


def seed_world() -> World:
    """Create what is missing; what is there stays as people left it."""
    teams = seed_teams()
    people = seed_people(teams)
    applications = seed_applications(teams)
    deployments = seed_deployments(applications, seed_places(teams))
    programme = seed_programme(people)
    seed_freeze(people[LEAD])
    seed_team_freeze(people[LEAD], teams["vehicle-telemetry"])
    seed_connected(people[LEAD], teams["vehicle-telemetry"])
    templates = seed_catalogue(actor_for(people[LEAD], Door.CLI))
    return World(people, applications, deployments, templates, programme)
