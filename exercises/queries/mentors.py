"""Who can mentor whom, who was asked, and who signed off."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from exercises.domain.actors import Actor
from exercises.domain.failure_families import words_of
from exercises.domain.ladder import MENTOR, Ladder, Level, Step
from exercises.models import (
    Application,
    Experiment,
    Membership,
    MentorRequest,
    MentorSignOff,
    Team,
    User,
)
from exercises.queries.ladder import (
    Evidences,
    evidences,
    family_of,
    ladder_of,
    level_of_experiment,
)

AT_MOST = 20


@dataclass(frozen=True, slots=True)
class MentorTeam:
    """A team that is far enough on to help, with its people."""

    team: Team
    level: Level
    people: tuple[User, ...]


@dataclass(frozen=True, slots=True)
class FamilyMentors:
    """For one family of failures: the teams that can mentor others."""

    family: str
    teams: tuple[MentorTeam, ...]

    @property
    def words(self) -> str:
        return words_of(self.family)


def mentors_for(application: Application, family: str, *, now: datetime) -> list[MentorTeam]:
    """The teams that may mentor this application, the furthest first.

    They were in production with this family by their own evidence, and are further on than
    the application is. Nobody of the application's own team counts, wherever else they are.
    """
    known = evidences(None, now=now)
    own = known.ladder(application.pk, family).earned
    levels = {
        team: level
        for team, level in _earned_by_team(known, family).items()
        if team != application.team_id and level > own
    }
    return _with_people(levels, without_team=application.team_id)


def _earned_by_team(known: Evidences, family: str) -> dict[int, Level]:
    """For each team, the highest level in production that one of its applications earned."""
    found: dict[int, Level] = {}
    for pk, team in Application.objects.order_by().values_list("pk", "team_id"):
        level = known.ladder(pk, family).earned
        if level.is_production and level > found.get(team, Level.LEARN):
            found[team] = level
    return found


def _with_people(levels: dict[int, Level], *, without_team: int | None) -> list[MentorTeam]:
    people: dict[int, list[User]] = defaultdict(list)
    rows = Membership.objects.filter(team__in=levels, user__is_active=True)
    if without_team is not None:
        rows = rows.exclude(user__memberships__team=without_team)
    for row in rows.select_related("user").order_by("user__name", "pk"):
        people[row.team_id].append(row.user)
    teams = Team.objects.in_bulk(levels)
    found = [MentorTeam(teams[pk], level, tuple(people[pk])) for pk, level in levels.items()]
    return sorted(found, key=lambda one: (-one.level, one.team.name))


def mentors_by_family(*, now: datetime) -> list[FamilyMentors]:
    """Who can help with what, over the whole organisation."""
    known = evidences(None, now=now)
    found = [
        FamilyMentors(
            family, tuple(_with_people(_earned_by_team(known, family), without_team=None))
        )
        for family in known.families
    ]
    return sorted(found, key=lambda one: one.words)


def mentor_team_of(
    actor: Actor, application: Application, family: str, *, now: datetime
) -> Team | None:
    """The team in whose name this person may mentor; None when they may not."""
    if application.team_id in actor.team_roles:
        return None
    for one in mentors_for(application, family, now=now):
        if one.team.pk in actor.team_roles:
            return one.team
    return None


@dataclass(frozen=True, slots=True)
class Mentoring:
    """A team's part in mentoring: whom it helps, who helps it, and what was signed."""

    given: tuple[MentorRequest, ...]
    received: tuple[MentorRequest, ...]
    signed: tuple[MentorSignOff, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.given or self.received or self.signed)


def mentoring_of(team: Team) -> Mentoring:
    requests = MentorRequest.objects.select_related(
        "application__team", "mentor", "mentor_team", "asked_by"
    )
    return Mentoring(
        given=tuple(requests.filter(mentor_team=team).exclude(answer="declined")[:AT_MOST]),
        received=tuple(requests.filter(application__team=team)[:AT_MOST]),
        signed=tuple(
            MentorSignOff.objects.filter(Q(mentor_team=team) | Q(application__team=team))
            .select_related("application", "mentor", "mentor_team", "experiment")
            .order_by("-signed_at")[:AT_MOST]
        ),
    )


def requests_to(actor: Actor) -> Iterable[MentorRequest]:
    """What this person was asked and has not answered."""
    return MentorRequest.objects.filter(mentor_id=actor.user_id, answer="asked").select_related(
        "application__team", "asked_by"
    )


@dataclass(frozen=True, slots=True)
class ExperimentLadder:
    """The ladder card of an experiment's page. `own_team` is set for who may sign it off."""

    ladder: Ladder
    level: Level
    family: str
    mentors: tuple[MentorTeam, ...]
    requests: tuple[MentorRequest, ...]
    own_team: Team | None

    @property
    def words(self) -> str:
        return words_of(self.family)

    @property
    def step(self) -> Step:
        """The level this experiment is on."""
        return self.ladder.step(self.level)

    @property
    def lacks_mentor(self) -> bool:
        """Whether a mentor's word is among what is missing."""
        return MENTOR in self.step.missing and self.step.override is None


def experiment_ladder(actor: Actor, experiment: Experiment, *, now: datetime) -> ExperimentLadder:
    """The ladder, who can help, who was asked, and whether this person may sign it off."""
    ladder, family = ladder_of(experiment, now=now), family_of(experiment)
    level = level_of_experiment(experiment)
    wants_mentor = MENTOR in ladder.step(level).missing
    application = experiment.application
    mentors = mentors_for(application, family, now=now) if wants_mentor else []
    is_own = application.team_id in actor.team_roles
    return ExperimentLadder(
        ladder=ladder,
        level=level,
        family=family,
        mentors=tuple(mentors),
        requests=tuple(
            MentorRequest.objects.filter(
                application=experiment.application, failure_family=family
            ).select_related("mentor", "mentor_team", "asked_by")[:AT_MOST]
        ),
        own_team=next(
            (m.team for m in mentors if not is_own and m.team.pk in actor.team_roles), None
        ),
    )
