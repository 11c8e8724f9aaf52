"""Approve, request changes, decline: a person's word on exactly one content."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from exercises.domain.actors import Actor
from exercises.domain.approvals import DecisionVerdict
from exercises.domain.capacities import Capacity, label
from exercises.domain.errors import Invalid, NotAllowed
from exercises.domain.notices import Topic
from exercises.domain.webhooks import EventKind
from exercises.failpoints import failpoint
from exercises.models import Decision, Experiment, User
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.queries.approvals import (
    approval_of,
    excluded_from_deciding,
    held_by,
    required_for,
)
from exercises.queries.policy import current_policy, row_of
from exercises.services.audit import record
from exercises.services.guardrails import stop_by_rule
from exercises.services.notify import tell
from exercises.services.revisions import lock_as_it_was_seen
from exercises.services.run_events import append_event
from exercises.services.run_plan import schedule_when_approved
from exercises.services.webhook_events import emit_experiment

_WORDS = {
    DecisionVerdict.APPROVE: "approved",
    DecisionVerdict.REQUEST_CHANGES: "changes requested",
    DecisionVerdict.DECLINE: "declined",
}

_TOPICS = {
    DecisionVerdict.APPROVE: Topic.APPROVED,
    DecisionVerdict.REQUEST_CHANGES: Topic.CHANGES_REQUESTED,
    DecisionVerdict.DECLINE: Topic.DECLINED,
}


def decide(
    *,
    actor: Actor,
    experiment: Experiment,
    verdict: DecisionVerdict,
    digest_seen: str,
    capacity: Capacity | None = None,
    reason: str = "",
) -> Decision:
    """Record a decision on the content the person saw.

    Raises NotAllowed (no capacity, or an author of the content), Conflict (the content
    changed since it was read), Invalid (a reason is missing).
    """
    authorize(actor, "experiment.decide", experiment)
    if verdict is not DecisionVerdict.APPROVE and not reason.strip():
        raise Invalid("reason", "say why when you ask for changes or decline")
    with transaction.atomic():
        locked = lock_as_it_was_seen(experiment, digest_seen)
        if actor.user_id in excluded_from_deciding(locked):
            raise NotAllowed("Nobody decides on what they wrote or proposed.")
        now = database_now()
        policy = current_policy()
        valid_for = timedelta(days=row_of(locked, policy).approval_days)
        decision = Decision.objects.create(
            experiment=locked,
            digest=digest_seen,
            verdict=verdict.value,
            capacity=_capacity(actor, locked, capacity, now).value,
            decided_by_id=actor.person_id,
            reason=reason.strip(),
            decided_at=now,
            valid_until=max(min(now + valid_for, locked.exercise.ends_at), now),
            policy=policy.number,
        )
        _say(decision, locked, actor)
        if verdict is DecisionVerdict.APPROVE:
            schedule_when_approved(locked)
        else:
            _stop_what_started(locked, actor, verdict)
        record(
            actor,
            f"experiment.{verdict.value}",
            locked,
            digest=digest_seen,
            capacity=decision.capacity,
            reason=decision.reason,
            policy=policy.number,
        )
        failpoint("decide.before_commit")
    return decision


def _say(decision: Decision, experiment: Experiment, actor: Actor) -> None:
    """In the log, and to whom it concerns."""
    verdict, capacity = DecisionVerdict(decision.verdict), label(Capacity(decision.capacity))
    append_event(
        exercise=experiment.exercise,
        kind=f"decision.{verdict.value}",
        text=f"{experiment.title}: {_WORDS[verdict]} as {capacity}.",
        source=actor.name,
        author_id=actor.user_id,
    )
    tell(
        _TOPICS[verdict],
        key=f"decision:{decision.pk}",
        text=f"As {capacity}. {decision.reason}".strip(),
        experiment=experiment,
        by_id=actor.user_id,
    )
    emit_experiment(
        EventKind.EXPERIMENT_DECIDED,
        experiment,
        decision={"verdict": verdict.value, "capacity": decision.capacity},
    )


def _stop_what_started(experiment: Experiment, actor: Actor, verdict: DecisionVerdict) -> None:
    """A no that comes just after the start stops it: whichever was first, it does not go on.

    The stop is latched with the decision; services.observe asks the engine for it.
    """
    for run in experiment.runs.filter(is_rehearsal=False, asked_at__isnull=False):
        stop_by_rule(run, because=f"{actor.name}: {_WORDS[verdict]}", source="decision")


def _capacity(
    actor: Actor, experiment: Experiment, asked: Capacity | None, now: datetime
) -> Capacity:
    """The capacity the decision is made in: as asked, else the first required and held.

    Read from the rows as they are now, and only from roles given long enough ago.
    """
    held = held_by(User.objects.get(pk=actor.person_id), experiment, at=now)
    if not held:
        raise NotAllowed(
            "Your role is younger than 24 hours. Roles decide from a day after they were given."
        )
    needed = [c for c in required_for(experiment) if c in held]
    if asked is not None:
        if asked not in held:
            raise NotAllowed(f"You do not hold the capacity {label(asked)} here.")
        return asked
    if not needed:
        raise NotAllowed("None of your capacities is needed for this experiment.")
    status = approval_of(experiment, now=now)
    missing = [c for c in needed if c in status.missing]
    return (missing or needed)[0]
