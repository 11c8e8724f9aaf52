"""What waits for this person's decision. Used by every page (the count) and the inbox.

An experiment waits for someone who holds a capacity that is still missing, did not write
it, and has not already had a say on exactly this content.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from exercises.domain.actors import Actor
from exercises.domain.approvals import ApprovalStatus
from exercises.domain.capacities import Capacity, capacities_of
from exercises.domain.exercise_phases import Phase
from exercises.models import Decision, Experiment
from exercises.queries.approvals import approvals_of, authors_of, dependent_teams

DECIDED_IN = (Phase.PLAN, Phase.JOIN, Phase.APPROVE, Phase.PREFLIGHT, Phase.LIVE)
"""The phases in which a decision still changes what will run."""


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
    """How many experiments wait for a decision that this actor may give."""
    return len(waiting(actor, now=now))


def waiting(actor: Actor, *, now: datetime) -> list[Waiting]:
    """The experiments that wait for this actor, the earliest slot first."""
    if actor.user_id is None or not (actor.org_roles or actor.team_roles):
        return []
    proposals = open_proposals(actor, now=now)
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
    team_id = experiment.application.team_id
    others = dependents.get(experiment.application_id, frozenset()) - {team_id}
    return capacities_of(actor, owner_team_id=team_id, dependent_team_ids=others)


def open_proposals(actor: Actor, *, now: datetime) -> list[Experiment]:
    """What is proposed and may still run, with all that its rules and its page ask for."""
    seen = Experiment.objects.visible_to(actor).filter(
        status="proposed",
        exercise__phase__in=[phase.value for phase in DECIDED_IN],
        exercise__ends_at__gt=now,
    )
    return list(
        seen.select_related(
            "exercise",
            "application__team",
            "revision",
            "template_version__template",
            "deployment__place__account",
            "author",
            "proposed_by",
        ).order_by("exercise__starts_at", "slot_offset_s", "id")
    )


def _spoken(actor: Actor, experiments: Iterable[Experiment]) -> dict[int, set[str]]:
    """The contents this person already decided on, and whose word still stands."""
    spoken: dict[int, set[str]] = defaultdict(set)
    rows = Decision.objects.filter(experiment__in=experiments, decided_by=actor.user_id)
    for pk, digest in rows.values_list("experiment_id", "digest"):
        spoken[pk].add(digest)
    return spoken
