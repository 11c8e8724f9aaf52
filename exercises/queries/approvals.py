"""Which approvals an experiment has, lacks and lost: in a constant number of queries.

Used by the start gate under its row lock, and by every page that shows approvals.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Set
from datetime import datetime

from django.db.models import F

from exercises.domain.actors import Actor, Door
from exercises.domain.approvals import (
    LONGEST_APPROVAL,
    ROLE_SETTLES_AFTER,
    ApprovalStatus,
    DecisionFacts,
    DecisionVerdict,
    evaluate,
    is_settled,
)
from exercises.domain.capacities import Capacity, TeamRole, capacities_of
from exercises.domain.exercise_phases import OVER
from exercises.domain.policy import PolicyRules
from exercises.models import (
    Application,
    Decision,
    Experiment,
    ExperimentRevision,
    Membership,
    OrganisationRole,
    User,
)
from exercises.queries.policy import current_policy, row_of


def required_for(experiment: Experiment) -> tuple[Capacity, ...]:
    """The capacities that the policy in force asks for; for lists read `status.required`."""
    dependents = dependent_teams([experiment.application_id])
    return required_by(experiment, current_policy(), dependents)


def required_by(
    experiment: Experiment, policy: PolicyRules, dependents: Mapping[int, Set[int]]
) -> tuple[Capacity, ...]:
    """The same for one of many, under any version; `dependents` as `dependent_teams` gives it."""
    return row_of(experiment, policy).required(
        is_self_service=experiment.exercise.kind == "self_service",
        has_dependents=bool(dependents.get(experiment.application_id)),
    )


def dependent_teams(application_ids: Iterable[int | None]) -> dict[int, frozenset[int]]:
    """The other teams whose applications depend on each of these."""
    rows = Application.depends_on.through._default_manager.filter(
        to_application__in=[pk for pk in application_ids if pk]
    ).exclude(from_application__team=F("to_application__team"))
    found: dict[int, set[int]] = defaultdict(set)
    for pk, team_id in rows.values_list("to_application_id", "from_application__team_id"):
        found[pk].add(team_id)
    return {pk: frozenset(teams) for pk, teams in found.items()}


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
        if exercise.phase not in OVER:
            return now
        return exercise.went_live_at or exercise.starts_at

    return _statuses(experiments, moment)


def _statuses(
    experiments: Iterable[Experiment], moment: Callable[[Experiment], datetime]
) -> dict[int, ApprovalStatus]:
    wanted = {experiment.pk: experiment for experiment in experiments}
    decisions = list(Decision.objects.filter(experiment__in=wanted).select_related("decided_by"))
    authors = _authors(wanted)
    grants = _Grants({decision.decided_by for decision in decisions})
    policy = current_policy()
    dependents = dependent_teams({e.application_id for e in wanted.values()})
    by_experiment: dict[int, list[Decision]] = defaultdict(list)
    for decision in decisions:
        by_experiment[decision.experiment_id].append(decision)
    return {
        pk: evaluate(
            required_by(experiment, policy, dependents),
            [_facts(d, experiment, grants, dependents) for d in by_experiment[pk]],
            digest=experiment.revision.digest if experiment.revision else "",
            excluded=frozenset(authors[pk]),
            now=moment(experiment),
            policy=policy.number,
        )
        for pk, experiment in wanted.items()
    }


def excluded_from_deciding(experiment: Experiment) -> frozenset[int]:
    """Who may not decide: every author of the content, and who proposed it."""
    return frozenset(_authors({experiment.pk: experiment})[experiment.pk])


def authors_of(experiments: Iterable[Experiment]) -> dict[int, frozenset[int]]:
    """Who may not decide on each of these, by experiment id.

    What the service of a team wrote or proposed may be the word of whoever had its token made,
    or says whose jobs of a CI act as it, so they count as authors.
    """
    found = _authors({experiment.pk: experiment for experiment in experiments})
    return {pk: frozenset(people) for pk, people in found.items()}


def _authors(experiments: dict[int, Experiment]) -> dict[int, set[int]]:
    authors: dict[int, set[int]] = defaultdict(set)
    for pk, experiment in experiments.items():
        authors[pk].add(experiment.author_id)
        if experiment.proposed_by_id:
            authors[pk].add(experiment.proposed_by_id)
        authors[pk].update(experiment.vouched_by)
    rows = ExperimentRevision.objects.filter(experiment__in=experiments)
    for pk, author_id in rows.values_list("experiment_id", "author_id"):
        authors[pk].add(author_id)
    return authors


def held_by(user: User, experiment: Experiment, *, at: datetime) -> frozenset[Capacity]:
    """The capacities this person may decide in at that moment: roles given long enough ago."""
    return held_by_each([user], experiment, at=at)[user.pk]


def held_by_each(
    users: Iterable[User], experiment: Experiment, *, at: datetime
) -> dict[int, frozenset[Capacity]]:
    """The same for many, by the id of each."""
    people = set(users)
    grants, dependents = _Grants(people), dependent_teams([experiment.application_id])
    return {u.pk: grants.capacities(u, experiment, dependents, at=at) for u in people}


def settles_at(
    user_id: int, experiment: Experiment, capacity: Capacity, *, now: datetime
) -> datetime | None:
    """When this person's role begins to count in that capacity; None when it does by now."""
    owned = Membership.objects.filter(user=user_id, role=TeamRole.OWNER.value)
    if capacity is Capacity.SERVICE_OWNER:
        given = owned.filter(team=experiment.application.team_id)
    elif capacity is Capacity.DEPENDENT_OWNER:
        asked = dependent_teams([experiment.application_id]).get(experiment.application_id, ())
        given = owned.filter(team__in=asked)
    else:
        given = OrganisationRole.objects.filter(user=user_id, role=capacity.value)  # type: ignore[assignment]
    since = list(given.values_list("granted_at", flat=True))
    if not since or any(is_settled(moment, now) for moment in since):
        return None
    return min(moment for moment in since if moment) + ROLE_SETTLES_AFTER


class _Grants:
    """The roles some people hold now, and since when."""

    def __init__(self, users: set[User]) -> None:
        organisation = OrganisationRole.objects.filter(user__in=users)
        teams = Membership.objects.filter(user__in=users)
        self._roles = list(organisation.values_list("user_id", "role", "granted_at"))
        self._memberships = list(teams.values_list("user_id", "team_id", "role", "granted_at"))

    def capacities(
        self,
        user: User,
        experiment: Experiment,
        dependents: Mapping[int, Set[int]],
        *,
        at: datetime,
    ) -> frozenset[Capacity]:
        """What a decision of this person at that moment could be made in, if it counts now."""
        actor = Actor(
            user_id=user.pk,
            name=user.name,
            door=Door.SYSTEM,
            org_roles=frozenset(
                role for pk, role, since in self._roles if pk == user.pk and is_settled(since, at)
            ),
            team_roles={
                team: role
                for pk, team, role, since in self._memberships
                if pk == user.pk and is_settled(since, at)
            },
            is_active=user.is_active,
        )
        return capacities_of(
            actor,
            owner_team_id=experiment.application.team_id,
            dependent_team_ids=dependents.get(experiment.application_id, frozenset()),
        )


def _facts(
    decision: Decision,
    experiment: Experiment,
    grants: _Grants,
    dependents: Mapping[int, Set[int]],
) -> DecisionFacts:
    user = decision.decided_by
    held = grants.capacities(user, experiment, dependents, at=decision.decided_at)
    capacity = Capacity(decision.capacity)
    return DecisionFacts(
        user_id=user.pk,
        user_name=user.name,
        capacity=capacity,
        verdict=DecisionVerdict(decision.verdict),
        digest=decision.digest,
        decided_at=decision.decided_at,
        valid_until=min(decision.valid_until, decision.decided_at + LONGEST_APPROVAL),
        holds_capacity_now=user.is_active and capacity in held,
    )
