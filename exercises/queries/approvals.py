"""Which approvals an experiment has, lacks and lost: in a constant number of queries.

Used by the start gate under its row lock, and by every page that shows approvals.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime

from exercises.domain.actors import Actor, Door
from exercises.domain.approvals import (
    ApprovalStatus,
    DecisionFacts,
    DecisionVerdict,
    evaluate,
    required_capacities,
)
from exercises.domain.capacities import Capacity, capacities_of
from exercises.domain.exercise_phases import Phase
from exercises.models import (
    Decision,
    Experiment,
    ExperimentRevision,
    Membership,
    OrganisationRole,
    User,
)

_OVER = frozenset({Phase.DEBRIEF.value, Phase.CLOSED.value, Phase.CANCELLED.value})


def required_for(experiment: Experiment) -> tuple[Capacity, ...]:
    return required_capacities(
        environment=experiment.deployment.place.account.environment,
        rung=experiment.template_version.rung,
    )


def approval_of(experiment: Experiment, *, now: datetime) -> ApprovalStatus:
    return approvals_of([experiment], now=now)[experiment.pk]


def approvals_of(experiments: Iterable[Experiment], *, now: datetime) -> dict[int, ApprovalStatus]:
    """The approval status of each experiment's current content, by experiment id.

    Capacities are read as people hold them now: an approval of somebody who has left
    the role counts no more.
    """
    return _statuses(experiments, lambda experiment: now)


def approvals_shown(
    experiments: Iterable[Experiment], *, now: datetime
) -> dict[int, ApprovalStatus]:
    """The same for pages: once an exercise is over, as the approvals stood at its Go.

    Approvals lapse at the end of the window, but what ran with them was approved.
    """

    def moment(experiment: Experiment) -> datetime:
        exercise = experiment.exercise
        if exercise.phase not in _OVER:
            return now
        return exercise.went_live_at or exercise.starts_at

    return _statuses(experiments, moment)


def _statuses(
    experiments: Iterable[Experiment], moment: Callable[[Experiment], datetime]
) -> dict[int, ApprovalStatus]:
    wanted = {experiment.pk: experiment for experiment in experiments}
    decisions = list(Decision.objects.filter(experiment__in=wanted).select_related("decided_by"))
    authors = _authors(wanted)
    actors = _actors({decision.decided_by for decision in decisions})
    by_experiment: dict[int, list[Decision]] = defaultdict(list)
    for decision in decisions:
        by_experiment[decision.experiment_id].append(decision)
    return {
        pk: evaluate(
            required_for(experiment),
            [_facts(d, experiment, actors) for d in by_experiment[pk]],
            digest=experiment.revision.digest if experiment.revision else "",
            excluded=frozenset(authors[pk]),
            now=moment(experiment),
        )
        for pk, experiment in wanted.items()
    }


def excluded_from_deciding(experiment: Experiment) -> frozenset[int]:
    """Who may not decide: every author of the content, and who proposed it."""
    return frozenset(_authors({experiment.pk: experiment})[experiment.pk])


def authors_of(experiments: Iterable[Experiment]) -> dict[int, frozenset[int]]:
    """Who may not decide on each of these, by experiment id."""
    found = _authors({experiment.pk: experiment for experiment in experiments})
    return {pk: frozenset(people) for pk, people in found.items()}


def _authors(experiments: dict[int, Experiment]) -> dict[int, set[int]]:
    authors: dict[int, set[int]] = defaultdict(set)
    for pk, experiment in experiments.items():
        authors[pk].add(experiment.author_id)
        if experiment.proposed_by_id:
            authors[pk].add(experiment.proposed_by_id)
    rows = ExperimentRevision.objects.filter(experiment__in=experiments)
    for pk, author_id in rows.values_list("experiment_id", "author_id"):
        authors[pk].add(author_id)
    return authors


def _actors(users: set[User]) -> dict[int, Actor]:
    org_roles: dict[int, set[str]] = defaultdict(set)
    for user_id, role in OrganisationRole.objects.filter(user__in=users).values_list(
        "user_id", "role"
    ):
        org_roles[user_id].add(role)
    team_roles: dict[int, dict[int, str]] = defaultdict(dict)
    for user_id, team_id, role in Membership.objects.filter(user__in=users).values_list(
        "user_id", "team_id", "role"
    ):
        team_roles[user_id][team_id] = role
    return {
        user.pk: Actor(
            user_id=user.pk,
            name=user.name,
            door=Door.SYSTEM,
            org_roles=frozenset(org_roles[user.pk]),
            team_roles=team_roles[user.pk],
            is_active=user.is_active,
        )
        for user in users
    }


def _facts(decision: Decision, experiment: Experiment, actors: dict[int, Actor]) -> DecisionFacts:
    actor = actors[decision.decided_by_id]
    held = capacities_of(actor, owner_team_id=experiment.application.team_id)
    capacity = Capacity(decision.capacity)
    return DecisionFacts(
        user_id=decision.decided_by_id,
        user_name=decision.decided_by.name,
        capacity=capacity,
        verdict=DecisionVerdict(decision.verdict),
        digest=decision.digest,
        decided_at=decision.decided_at,
        valid_until=decision.valid_until,
        holds_capacity_now=actor.is_active and capacity in held,
    )
