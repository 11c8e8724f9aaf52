"""The Go of two people: the first one's word, and what the second one needs to answer it.

Another person, another session, five minutes, and the code typed. Called by services.go_live
for an exercise and by services.own_go for an experiment on its own.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from exercises.domain.actors import Actor
from exercises.domain.errors import Invalid, Refusal, Refused
from exercises.domain.going_live import MOST_TRIES, is_code
from exercises.models import Exercise, Experiment, GoPair, GoRequest, GoTry
from exercises.models.due_work import database_now
from exercises.models.going_live import ANSWER_WITHIN
from exercises.services.audit import record

LEAD = "The exercise lead"


def say_first(
    actor: Actor, exercise: Exercise, session: str, *, readiness: str, now: datetime
) -> GoRequest:
    """Keep the first word, with a digest of what it was said to."""
    return GoRequest.objects.create(
        exercise=exercise,
        said_by_id=actor.person_id,
        session=session,
        said_at=now,
        valid_until=now + ANSWER_WITHIN,
        readiness=readiness,
    )


def request_to_answer(
    actor: Actor, exercise: Exercise, session: str, *, first: str = LEAD
) -> GoRequest:
    """The newest first word, if this person may answer it. Raises Refused."""
    request = exercise.go_requests.select_related("said_by").first()
    if request is None or exercise.went_live_at is not None:
        raise _no("go.not_said", "Nobody has said Go yet.", f"{first} says Go first.")
    if request.said_by_id == actor.user_id:
        raise _no("go.same_person", "You said Go yourself.", "Another person confirms it.")
    if request.session == session:
        raise _no(
            "go.same_session",
            "Go was said in this very session.",
            "Confirm it from a session of your own.",
        )
    if database_now() >= request.valid_until:
        raise _no("go.too_late", "The 5 minutes have passed.", f"{first} says Go again.")
    if request.tries.count() >= MOST_TRIES:
        raise _no(
            "go.too_many_tries",
            f"The code was typed wrong {MOST_TRIES} times.",
            f"{first} says Go again.",
        )
    return request


def check_code(
    actor: Actor, exercise: Exercise, session: str, typed: str, code: str, *, first: str = LEAD
) -> None:
    """Raises Invalid for another code, which is counted, and Refused when no word waits or no
    more codes may be typed. Counted under the lock, so that no two tries are the fifth."""
    request_to_answer(actor, exercise, session, first=first)
    if is_code(typed, code):
        return
    with transaction.atomic():
        locked = Exercise.objects.select_for_update(no_key=True).get(pk=exercise.pk)
        request = request_to_answer(actor, locked, session, first=first)
        GoTry.objects.create(request=request, tried_by_id=actor.person_id, at=database_now())
        record(actor, "exercise.go_wrong_code", locked, request=request.pk)
        left = MOST_TRIES - request.tries.count()
    raise Invalid("code", f"is not {code}; {left} more tries")


def say_second(
    actor: Actor,
    request: GoRequest,
    session: str,
    *,
    readiness: str,
    now: datetime,
    experiment: Experiment | None = None,
    first: str = LEAD,
) -> GoPair:
    """Keep both words. Raises Refused when what was ready is another by now."""
    if request.readiness != readiness:
        raise _no(
            "go.changed",
            "What is ready has changed since Go was said.",
            f"{first} looks at it and says Go again.",
        )
    return GoPair.objects.create(
        exercise_id=request.exercise_id,
        experiment=experiment,
        request=request,
        lead=request.said_by,
        lead_session=request.session,
        lead_at=request.said_at,
        safety_id=actor.person_id,
        safety_session=session,
        safety_at=now,
    )


def _no(rule: str, because: str, lifted_by: str) -> Refused:
    return Refused(Refusal(rule, because, lifted_by))
