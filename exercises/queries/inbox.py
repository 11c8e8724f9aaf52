"""What waits for this person's decision. Used by every page (the count) and the inbox.

An experiment waits for someone who holds a capacity that is still missing, did not write
it, and has not already had a say on exactly this content.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from exercises.domain.actors import Actor
from exercises.domain.approvals import ApprovalStatus
from exercises.domain.capacities import DECIDING_ROLES, Capacity, TeamRole, capacities_of
from exercises.domain.exercise_phases import OVER, Phase
from exercises.models import Application, Decision, Experiment
from exercises.queries.approvals import approvals_of, authors_of, dependent_teams

DECIDED_IN = frozenset(Phase) - OVER
"""The phases in which a decision still changes what will run."""
_DECISIVE = (
    "status",
    "author_id",
    "vouched_by",
    "proposed_by_id",
    "revision__digest",
    "exercise__kind",
    "application__team_id",
    "application__tier",
    "template_version__rung",
    "deployment__place__account__environment",
)
"""What decides for whom a proposal waits: no plan, no probes, no parameters."""
_SHOWN = (
    "application__team",
    "template_version__template",
    "author",
    "proposed_by",
)


@dataclass(frozen=True)
class Waiting:
    """One experiment, and in which capacity this person may decide on it."""

    experiment: Experiment
    status: ApprovalStatus
    required: tuple[Capacity, ...]
    capacity: Capacity

    @property
    def granted_count(self) -> int:
        return len(self.required) - len(self.status.missing)


def waiting_count(actor: Actor, *, now: datetime) -> int:
    """How many experiments wait for a decision that this actor may give: what `waiting`
    finds, from the columns that decide it. Every page asks, so no plan is read."""
    if not _may_ever_decide(actor):
        return 0
    return len(_waiting(actor, list(_for(actor, now=now).only(*_DECISIVE)), now=now))


def waiting(actor: Actor, *, now: datetime) -> list[Waiting]:
    """The experiments that wait for this actor, the earliest slot first."""
    if not _may_ever_decide(actor):
        return []
    return _waiting(actor, list(_for(actor, now=now).select_related(*_SHOWN)), now=now)


def _waiting(actor: Actor, proposals: list[Experiment], *, now: datetime) -> list[Waiting]:
    dependents = dependent_teams({e.application_id for e in proposals})
    held_for = {e.pk: _held(actor, e, dependents) for e in proposals}
    candidates = [e for e in proposals if held_for[e.pk]]
    if not candidates:
        return []
    statuses = approvals_of(candidates, now=now)
    authors = authors_of(candidates)
    spoken = _spoken(actor, candidates)
    found = []
    for experiment in candidates:
        if actor.user_id in authors[experiment.pk]:
            continue
        if experiment.revision is None or experiment.revision.digest in spoken[experiment.pk]:
            continue
        status = statuses[experiment.pk]
        held = held_for[experiment.pk]
        capacity = next((c for c in status.missing if c in held), None)
        if capacity is not None:
            found.append(Waiting(experiment, status, status.required, capacity))
    return found


def _held(
    actor: Actor, experiment: Experiment, dependents: Mapping[int, frozenset[int]]
) -> frozenset[Capacity]:
    return capacities_of(
        actor,
        owner_team_id=experiment.application.team_id,
        dependent_team_ids=dependents.get(experiment.application_id, frozenset()),
    )


def open_proposals(actor: Actor, *, now: datetime) -> list[Experiment]:
    """What is proposed and may still run, with all that its rules and its page ask for."""
    return list(_open(actor, now=now).select_related(*_SHOWN))


def _open(actor: Actor, *, now: datetime) -> QuerySet[Experiment]:
    seen = Experiment.objects.visible_to(actor).filter(
        status="proposed",
        exercise__phase__in=DECIDED_IN,
        exercise__ends_at__gt=now,
    )
    related = [name.rpartition("__")[0] for name in _DECISIVE if "__" in name]
    return seen.select_related(*related).order_by("exercise__starts_at", "slot_offset_s", "id")


def _for(actor: Actor, *, now: datetime) -> QuerySet[Experiment]:
    """The open proposals that somebody with these roles could ever decide on."""
    found = _open(actor, now=now)
    if actor.org_roles & DECIDING_ROLES:
        return found
    owned = _owned(actor)
    concerned = Application.objects.filter(Q(team__in=owned) | Q(dependents__team__in=owned))
    return found.filter(application__in=concerned)


def _may_ever_decide(actor: Actor) -> bool:
    return actor.user_id is not None and bool(actor.org_roles & DECIDING_ROLES or _owned(actor))


def _owned(actor: Actor) -> list[int]:
    return [team for team, role in actor.team_roles.items() if role == TeamRole.OWNER.value]


def _spoken(actor: Actor, experiments: Iterable[Experiment]) -> dict[int, set[str]]:
    """The contents this person already decided on, and whose word still stands."""
    spoken: dict[int, set[str]] = defaultdict(set)
    rows = Decision.objects.filter(experiment__in=experiments, decided_by=actor.user_id)
    for pk, digest in rows.values_list("experiment_id", "digest"):
        spoken[pk].add(digest)
    return spoken
