"""Whom an announcement concerns, and why: people, teams, the whole organisation.

services.announce asks once for each announcement, right after it was written.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Max, Q

from exercises.domain.approvals import ROLE_SETTLES_AFTER
from exercises.domain.capacities import DECIDING_ROLES, OrgRole, TeamRole
from exercises.domain.notices import BUILT_IN, MOMENTS, Audience, NoticeRules, Topic, read_rules
from exercises.models import (
    Announcement,
    Application,
    Exercise,
    Experiment,
    Membership,
    Notice,
    NoticePolicy,
    OrganisationRole,
    Participation,
    User,
)
from exercises.models.due_work import database_now
from exercises.queries.approvals import (
    authors_of,
    dependent_teams,
    held_by_each,
    required_for,
)
from exercises.queries.going_live import experiment_takes_two

_OPERATORS = (TeamRole.OPERATOR.value, TeamRole.OWNER.value)


@dataclass
class Recipients:
    """`people` by id with the reason; who is named first stays with that reason."""

    people: dict[int, str] = field(default_factory=dict)
    teams: set[int] = field(default_factory=set)
    is_for_all: bool = False

    def add(self, ids: Iterable[int | None], because: str) -> None:
        for pk in ids:
            if pk is not None:
                self.people.setdefault(pk, because)


def current_rules() -> NoticeRules:
    """What the newest policy says, else what is built in."""
    newest = NoticePolicy.objects.first()
    return read_rules(newest.rules) if newest else BUILT_IN


def recipients_of(announcement: Announcement) -> Recipients:
    """Everyone it concerns and who is active, without who did it."""
    found = Recipients()
    topic = Topic(announcement.topic)
    is_report = topic is Topic.REPORT
    found.add(announcement.people, "You get this report" if is_report else "It is about you")
    if announcement.exercise is not None and topic in {*MOMENTS, Topic.CANCELLED, Topic.NO_GO}:
        _of_a_moment(found, topic, announcement.exercise, announcement.experiment)
    elif topic is Topic.APPROVAL_ASKED and announcement.experiment is not None:
        _of_an_approval(found, announcement.experiment)
    elif announcement.experiment is not None:
        _of_an_experiment(found, announcement.experiment)
        if topic is Topic.RESIDUAL_FAULT:
            _who_answers_for(found, announcement.experiment)
        if topic is Topic.EXPERIMENT_CANCELLED:
            _who_counted_on(found, announcement.experiment)
    elif topic is Topic.EDITION_CREATED and announcement.exercise is not None:
        _of_an_edition(found, announcement.exercise)
    elif topic is Topic.MENTOR_ANSWERED and announcement.mentor_request is not None:
        asked = announcement.mentor_request
        found.add([asked.asked_by_id], "You asked")
        found.add(answering_for(asked.application), "It is your team's")
        found.teams.add(asked.application.team_id)
    elif topic is Topic.SCHEDULE_SUSPENDED:
        found.add(_with_role(OrgRole.PROGRAMME_LEAD), "You lead the programme")
        found.add(_with_role(OrgRole.SAFETY_OFFICER), "You are a safety officer")
    elif topic is Topic.CHANNEL_DISABLED and not announcement.people:
        found.add(_with_role(OrgRole.PROGRAMME_LEAD), "You lead the programme")
    found.people.pop(announcement.by_id or 0, None)
    active = set(
        User.objects.filter(pk__in=found.people, is_active=True).values_list("pk", flat=True)
    )
    found.people = {pk: because for pk, because in found.people.items() if pk in active}
    return found


def answering_for(application: Application) -> list[int]:
    """The people who answer for it: operators and owners of its team."""
    return _members({application.team_id}, _OPERATORS)


def rung_of(exercise: Exercise) -> int:
    """The widest blast radius of what is proposed for it; 1 while there is nothing."""
    widest = exercise.experiments.filter(status="proposed").aggregate(
        widest=Max("template_version__rung")
    )["widest"]
    return int(widest or 1)


def _of_a_moment(
    found: Recipients, topic: Topic, exercise: Exercise, experiment: Experiment | None
) -> None:
    found.add([exercise.lead_id], "You lead the exercise")
    found.add([exercise.safety_officer_id], "You are its safety officer")
    if topic is Topic.NO_GO:
        return
    rules, rung = current_rules(), rung_of(exercise)
    is_off = topic is Topic.CANCELLED
    moment = Topic.ANNOUNCED if is_off else topic
    found.is_for_all = exercise.kind != "self_service"
    places = Participation.objects.filter(exercise=exercise).exclude(answer="declined")
    if experiment is not None:
        places = places.filter(application=experiment.application_id)
    if topic is Topic.HOUR_BEFORE:
        found.add(places.values_list("on_call_person", flat=True), "You are on call")
    applications = list(places.values_list("application_id", flat=True))
    teams = set(Application.objects.filter(pk__in=applications).values_list("team_id", flat=True))
    if is_off or rules.reaches(moment, Audience.PARTICIPANTS, rung):
        found.teams |= teams
        found.add(_members(teams, _OPERATORS), "Your team takes part")
    if rules.reaches(moment, Audience.DEPENDENTS, rung):
        of_them = frozenset[int]().union(*dependent_teams(applications).values()) - teams
        found.teams |= of_them
        found.add(_members(of_them, (TeamRole.OWNER.value,)), "Your service depends on it")
    if rules.reaches(moment, Audience.LEADERSHIP, rung):
        found.add(_with_role(OrgRole.LEADERSHIP), f"Blast radius {rung} of 5")
    if topic is Topic.HOUR_BEFORE and exercise.kind == "self_service":
        _who_says_go_for_it(found, exercise)
    if is_off:
        # Also whom a policy or an answer leaves out by now, but who was told that it would be.
        found.add(places.values_list("on_call_person", flat=True), "You are on call")
        found.add(_told_of(exercise), "You were told of it before")


def _of_an_approval(found: Recipients, experiment: Experiment) -> None:
    """Who holds a capacity it needs, though it be too young to decide today, and did not write
    it."""
    needed = set(required_for(experiment))
    dependents = dependent_teams([experiment.application_id])
    teams = {experiment.application.team_id, *dependents.get(experiment.application_id, ())}
    candidates = User.objects.filter(
        Q(organisation_roles__role__in=DECIDING_ROLES) | Q(memberships__team__in=teams),
        is_active=True,
    ).distinct()
    others = candidates.exclude(pk__in=authors_of([experiment])[experiment.pk])
    held = held_by_each(others, experiment, at=database_now() + ROLE_SETTLES_AFTER)
    found.add((pk for pk, capacities in held.items() if needed & capacities), "You can approve it")
    found.teams.add(experiment.application.team_id)


def _of_an_experiment(found: Recipients, experiment: Experiment) -> None:
    found.add([experiment.author_id, experiment.proposed_by_id], "You wrote it")
    found.add(_members({experiment.application.team_id}, _OPERATORS), "It is your team's")
    found.teams.add(experiment.application.team_id)


def _who_counted_on(found: Recipients, experiment: Experiment) -> None:
    """Beside its team: who answers for it, or gave a decision."""
    _who_answers_for(found, experiment)
    found.add(experiment.decisions.values_list("decided_by", flat=True), "You decided on it")


def _who_answers_for(found: Recipients, experiment: Experiment) -> None:
    """Beside its team: who leads the exercise and who is on call for it."""
    exercise = experiment.exercise
    found.add([exercise.lead_id], "You lead the exercise")
    found.add([exercise.safety_officer_id], "You are its safety officer")
    places = exercise.participations.filter(application=experiment.application_id)
    found.add(places.values_list("on_call_person", flat=True), "You are on call")


def _who_says_go_for_it(found: Recipients, exercise: Exercise) -> None:
    """Where an experiment on its own takes two people, from this hour on they can say it."""
    experiments = exercise.experiments.filter(status="proposed").with_all()
    for experiment in experiments:
        if experiment_takes_two(experiment):
            found.add(answering_for(experiment.application), "Your team says Go for it")
            found.add(_with_role(OrgRole.SAFETY_OFFICER), "A safety officer confirms its Go")


def _told_of(exercise: Exercise) -> list[int]:
    about = Q(announcement__exercise=exercise) | Q(announcement__experiment__exercise=exercise)
    return list(Notice.objects.filter(about).values_list("person_id", flat=True).distinct())


def _of_an_edition(found: Recipients, exercise: Exercise) -> None:
    found.add([exercise.lead_id], "You lead the exercise")
    found.add([exercise.safety_officer_id], "You are its safety officer")
    teams = set(exercise.participations.values_list("application__team_id", flat=True))
    found.teams |= teams
    found.add(_members(teams, _OPERATORS), "Your team is invited")


def _members(team_ids: Iterable[int], roles: Iterable[str]) -> list[int]:
    rows = Membership.objects.filter(team__in=list(team_ids), role__in=list(roles))
    return list(rows.values_list("user_id", flat=True))


def _with_role(role: OrgRole) -> list[int]:
    rows = OrganisationRole.objects.filter(role=role.value)
    return list(rows.values_list("user_id", flat=True))
