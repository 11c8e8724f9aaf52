"""Say Go: by one person, or by two where a zone of production is at stake.

The lead's word is kept with what was ready at that moment; the safety officer answers it from
a session of their own within five minutes, by typing the exercise's code. Called by web only:
no token can say Go.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from exercises import hints
from exercises.domain.actors import Actor
from exercises.domain.errors import Refusal, Refused
from exercises.domain.exercise_phases import Phase, move
from exercises.domain.going_live import TWO_PEOPLE, readiness_digest
from exercises.failpoints import failpoint
from exercises.models import Exercise, Experiment, GoRequest, HoldPoint
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.queries.going_live import any_takes_two
from exercises.queries.plans import planned_wall
from exercises.queries.readiness import readiness_of, ready_experiments
from exercises.services.audit import record
from exercises.services.run_events import append_event
from exercises.services.run_plan import schedule_run
from exercises.services.two_people import (
    check_code,
    request_to_answer,
    say_first,
    say_second,
)


def go_live(*, actor: Actor, exercise: Exercise) -> Exercise:
    """Say Go alone: the exercise is live and every ready experiment has its instant.

    Raises Refused with everything that is not ready, or because two people are needed.
    """
    authorize(actor, "exercise.go", exercise)
    with transaction.atomic():
        locked, starting, now = _ready(exercise)
        if any_takes_two(starting):
            raise Refused(TWO_PEOPLE)
        _begin(locked, starting, actor, now, text="Go.")
    return locked


def say_go(*, actor: Actor, exercise: Exercise, session: str) -> GoRequest:
    """The lead's word where two people are needed; said again it starts anew.

    Raises Refused with everything that is not ready.
    """
    authorize(actor, "exercise.go", exercise)
    with transaction.atomic():
        locked, starting, now = _ready(exercise)
        request = say_first(actor, locked, session, readiness=_readiness(starting), now=now)
        append_event(
            exercise=locked,
            kind="exercise.go_said",
            text="Go, as exercise lead. The safety officer has 5 minutes to confirm it.",
            source=actor.name,
            author_id=actor.user_id,
        )
        record(actor, "exercise.go_said", locked, session=session, request=request.pk)
    return request


def confirm_go(*, actor: Actor, exercise: Exercise, code: str, session: str) -> Exercise:
    """The second word: the exercise is live.

    Raises Refused (nobody said Go, too late, the same person or session, too many tries, what
    is ready has changed), Invalid (another code; it is counted).
    """
    authorize(actor, "exercise.confirm_go", exercise)
    check_code(actor, exercise, session, code, exercise.code)
    with transaction.atomic():
        locked, starting, now = _ready(exercise)
        request = request_to_answer(actor, locked, session)
        say_second(actor, request, session, readiness=_readiness(starting), now=now)
        _begin(
            locked,
            starting,
            actor,
            now,
            text=f"Go, with {request.said_by.name}.",
            lead=request.said_by_id,
            lead_session=request.session,
            safety_session=session,
        )
    return locked


def _ready(exercise: Exercise) -> tuple[Exercise, list[Experiment], datetime]:
    """The exercise under its lock with what would start. Raises Refused with what is open."""
    locked = Exercise.objects.select_for_update(no_key=True).get(pk=exercise.pk)
    if locked.kind == "self_service":
        raise Refused(
            Refusal(
                "go.own_slot",
                "An experiment on its own starts at its slot, not by the Go of an exercise.",
                "Where two people are needed they say so on its page.",
            )
        )
    now = database_now()
    open_items = [item for item in readiness_of(locked, now=now) if item.blocks]
    if open_items:
        raise Refused(
            *(Refusal(i.key, f"{i.label}. {i.detail}".strip(), i.lifted_by) for i in open_items)
        )
    return locked, ready_experiments(locked, now=now), now


def _readiness(starting: Sequence[Experiment]) -> str:
    """A digest of what would start, and when: other content or other teams are another Go."""
    return readiness_digest(
        f"{e.pk} {e.revision.digest if e.revision else ''} {e.wave} {e.slot_offset_s}"
        for e in starting
    )


def _begin(
    locked: Exercise,
    starting: Sequence[Experiment],
    actor: Actor,
    now: datetime,
    *,
    text: str,
    **said: object,
) -> None:
    """Live from now on: the first wave has its instants, every later one waits at a hold point.

    `said` is who said it and where, for the audit trail.
    """
    locked.went_live_at = now
    locked.phase = move(Phase(locked.phase), Phase.LIVE).value
    locked.save(update_fields=["went_live_at", "phase"])
    waves = sorted({experiment.wave for experiment in starting})
    for wave in waves[:-1]:
        HoldPoint.objects.get_or_create(exercise=locked, after_wave=wave)
    for experiment in starting:
        is_first = experiment.wave == waves[0]
        schedule_run(
            experiment=experiment,
            at=now + planned_wall(experiment.slot_offset_s) if is_first else locked.ends_at,
            scheduled_by_id=actor.user_id,
        )
    append_event(
        exercise=locked,
        kind="exercise.go",
        text=text,
        source=actor.name,
        author_id=actor.user_id,
    )
    hints.wake_once_committed("exercises.tick")
    record(actor, "exercise.go", locked, **said)
    failpoint("go.before_commit")
