"""Compose an experiment, propose it, withdraw it.

Whoever edits what was proposed starts its approvals again: decisions hang on the digest
of a revision, and every edit that changes the content writes a new revision.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from exercises.domain.actors import Actor
from exercises.domain.errors import Conflict, Invalid, Refusal, Refused
from exercises.domain.exercise_phases import BEFORE_LIVE, Phase
from exercises.domain.notices import Topic
from exercises.domain.webhooks import EventKind
from exercises.failpoints import failpoint
from exercises.models import (
    Deployment,
    Exercise,
    Experiment,
    Finding,
    Participation,
    TemplateVersion,
    User,
)
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.queries.plans import planned_wall, problems_of
from exercises.services.audit import record
from exercises.services.notify import tell
from exercises.services.revisions import lock_experiment, revise
from exercises.services.run_events import append_event
from exercises.services.run_plan import cancel_scheduled_run, schedule_when_approved
from exercises.services.webhook_events import emit_experiment

SELF_SERVICE_WINDOW_S = 4 * 3600


@dataclass(frozen=True, slots=True)
class Draft:
    """What the form or the API sends. Everything but the place may be unfinished."""

    deployment: Deployment
    template_version: TemplateVersion
    title: str
    hypothesis: str
    parameters: Mapping[str, object]
    steady_state: Sequence[Mapping[str, object]]
    az: str
    slot_offset_s: int
    target_cap: int
    expected_alarms: Sequence[str] = ()
    recheck_after_min: int = 0
    also_in: Sequence[str] = ()


def start_draft(
    *,
    actor: Actor,
    draft: Draft,
    exercise: Exercise | None = None,
    starts_at: datetime | None = None,
    retest_of: Finding | None = None,
) -> Experiment:
    """Create a draft in an exercise, or, with `starts_at`, as an exercise of its own.

    Raises NotAllowed, Invalid (slot), Refused (the exercise takes no proposals).
    """
    application = draft.deployment.application
    authorize(actor, "experiment.propose", application)
    with transaction.atomic():
        place = exercise or _exercise_of_one(actor, draft, starts_at)
        _check_open(place)
        experiment = Experiment(
            exercise=place,
            application=application,
            author_id=actor.person_id,
            retest_of=retest_of,
            **_fields(draft),
        )
        experiment.save()
        if exercise is not None:
            Participation.objects.get_or_create(
                exercise=place,
                application=application,
                defaults={
                    "answer": "accepted",
                    "answered_by_id": actor.user_id,
                    "answered_at": database_now(),
                },
            )
        revise(experiment, actor)
        record(actor, "experiment.draft", experiment, title=experiment.title)
    return experiment


def edit_draft(
    *, actor: Actor, experiment: Experiment, draft: Draft, starts_at: datetime | None = None
) -> Experiment:
    """Save what was typed. A changed content is a new revision, so approvals start again.

    `starts_at` moves a self-service experiment. Raises NotAllowed, Invalid, Refused (the
    exercise is closed, the experiment was started).
    """
    authorize(actor, "experiment.edit", experiment)
    if draft.deployment.application_id != experiment.application_id:
        raise Invalid("deployment", "belongs to another application")
    with transaction.atomic():
        locked = lock_experiment(experiment)
        _check_open(locked.exercise, locked)
        _check_not_started(locked)
        if starts_at is not None:
            _move(locked.exercise, starts_at)
        before = locked.revision.digest if locked.revision else ""
        for name, value in _fields(draft).items():
            setattr(locked, name, value)
        locked.save(update_fields=[*_fields(draft), "updated_at"])
        revise(locked, actor)
        after = locked.revision.digest if locked.revision else ""
        if before != after:
            cancel_scheduled_run(locked, because="the experiment was edited")
            if locked.status == "proposed":
                _tell_change(locked, actor)
            if locked.status == "proposed":
                schedule_when_approved(locked)
            record(actor, "experiment.edit", locked, before=before, after=after)
        failpoint("edit.before_commit")
    return locked


def _tell_change(experiment: Experiment, actor: Actor) -> None:
    """A proposal that no longer keeps the rules is a draft again: nobody decides on it."""
    is_sound = not problems_of(experiment, now=database_now())
    if not is_sound:
        experiment.status = "draft"
        experiment.save(update_fields=["status"])
    elif experiment.revision is not None:
        tell(
            Topic.APPROVAL_ASKED,
            key=f"edited:{experiment.pk}:{experiment.revision.number}",
            text="It was changed, so approvals start again. The page shows what changed.",
            experiment=experiment,
            by_id=actor.user_id,
        )
    after = "approvals start again" if is_sound else "not complete, so it is a draft again"
    append_event(
        exercise=experiment.exercise,
        kind="experiment.edited",
        text=f"{experiment.title}: changed, {after}.",
        source=actor.name,
        author_id=actor.user_id,
    )


def propose(*, actor: Actor, experiment: Experiment) -> Experiment:
    """Send for approval. Raises Invalid with every problem of every section."""
    authorize(actor, "experiment.edit", experiment)
    with transaction.atomic():
        locked = lock_experiment(experiment)
        _check_open(locked.exercise, locked)
        if locked.status in {"withdrawn", "cancelled"}:
            raise Conflict(f"this experiment was {locked.status}; propose a new one")
        now = database_now()
        problems = problems_of(locked, now=now)
        if problems:
            raise Invalid.of(problems)
        revise(locked, actor)
        locked.status = "proposed"
        locked.proposed_by_id = actor.user_id
        locked.proposed_at = now
        locked.save(update_fields=["status", "proposed_by", "proposed_at", "updated_at"])
        append_event(
            exercise=locked.exercise,
            kind="experiment.proposed",
            text=f"{locked.title}: sent for approval.",
            source=actor.name,
            author_id=actor.user_id,
        )
        emit_experiment(EventKind.EXPERIMENT_PROPOSED, locked)
        assert locked.revision is not None
        tell(
            Topic.APPROVAL_ASKED,
            key=f"proposed:{locked.pk}:{locked.revision.number}:{now.isoformat()}",
            experiment=locked,
            by_id=actor.user_id,
        )
        schedule_when_approved(locked)
        record(actor, "experiment.propose", locked, digest=locked.revision.digest)
    return locked


def withdraw(*, actor: Actor, experiment: Experiment) -> Experiment:
    """Take an experiment back. Its history stays. Raises NotAllowed, Refused (it started)."""
    authorize(actor, "experiment.edit", experiment)
    with transaction.atomic():
        locked = lock_experiment(experiment)
        _check_open(locked.exercise, locked)
        _check_not_started(locked)
        locked.status = "withdrawn"
        locked.save(update_fields=["status", "updated_at"])
        cancel_scheduled_run(locked, because="the experiment was withdrawn")
        append_event(
            exercise=locked.exercise,
            kind="experiment.withdrawn",
            text=f"{locked.title}: withdrawn.",
            source=actor.name,
            author_id=actor.user_id,
        )
        record(actor, "experiment.withdraw", locked)
    return locked


def _fields(draft: Draft) -> dict[str, object]:
    return {
        "deployment": draft.deployment,
        "template_version": draft.template_version,
        "title": draft.title.strip(),
        "hypothesis": draft.hypothesis.strip(),
        "parameters": dict(draft.parameters),
        "steady_state": [dict(probe) for probe in draft.steady_state],
        "az": draft.az,
        "slot_offset_s": draft.slot_offset_s,
        "target_cap": draft.target_cap,
        "expected_alarms": list(draft.expected_alarms),
        "recheck_after_min": draft.recheck_after_min,
        "also_in": list(draft.also_in),
    }


def _check_open(exercise: Exercise, experiment: Experiment | None = None) -> None:
    """Open until Go; while it is live for what joins late, not for what has its slot."""
    if exercise.phase in BEFORE_LIVE:
        return
    is_late = (
        exercise.phase == Phase.LIVE.value
        and exercise.kind != "self_service"
        and exercise.stopped_at is None
        and database_now() < exercise.ends_at
    )
    if is_late and not (experiment and experiment.runs.filter(is_rehearsal=False).exists()):
        return
    raise Refused(
        Refusal(
            rule="exercise.closed_for_proposals",
            because=f"{exercise.name} takes no proposals any more.",
            lifted_by="Propose it for the next exercise.",
        )
    )


def _check_not_started(experiment: Experiment) -> None:
    """A self-service run is open for proposals to its end. Where it runs is where it is
    watched and stopped, so its experiment stays as it was started."""
    if experiment.runs.filter(is_rehearsal=False, asked_at__isnull=False).exists():
        raise Refused(
            Refusal(
                rule="experiment.started",
                because=f"{experiment.title} has been started.",
                lifted_by="Propose another experiment.",
            )
        )


def _move(exercise: Exercise, starts_at: datetime) -> None:
    """Another date and time for a self-service experiment: its window goes along."""
    if exercise.kind != "self_service":
        raise Invalid("slot", "the window of an exercise is moved by its lead")
    _check_ahead(starts_at)
    exercise.starts_at = starts_at
    exercise.ends_at = starts_at + planned_wall(SELF_SERVICE_WINDOW_S)
    exercise.save(update_fields=["starts_at", "ends_at"])


def _check_ahead(starts_at: datetime) -> None:
    if starts_at <= database_now():
        raise Invalid("slot", "the slot lies in the past; choose a later one")


def _exercise_of_one(actor: Actor, draft: Draft, starts_at: datetime | None) -> Exercise:
    """A self-service experiment is an exercise of one, with its own window."""
    if starts_at is None:
        raise Invalid("slot", "choose an exercise, or a date and time of your own")
    _check_ahead(starts_at)
    lead = User.accounts.get(pk=actor.person_id)
    return Exercise.objects.create(
        slug=f"self-{starts_at:%Y%m%d}-{secrets.token_hex(4)}",
        name=draft.title or "Self-service experiment",
        kind="self_service",
        starts_at=starts_at,
        ends_at=starts_at + planned_wall(SELF_SERVICE_WINDOW_S),
        region=draft.deployment.place.region,
        az=draft.az,
        lead=lead,
        phase=Phase.APPROVE.value,
    )
