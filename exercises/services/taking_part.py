"""What those who take part say: that they do and who is on call, go or no-go, and that the
on-call is there. The last two are a person's word, so only on a page.
"""

from __future__ import annotations

from typing import Final

from django.db import transaction
from django.db.models import Q

from exercises.domain.actors import Actor
from exercises.domain.errors import Conflict, Invalid, Refusal, Refused
from exercises.domain.exercise_phases import OVER, Phase
from exercises.models import Exercise, Participation, User
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.queries.preflight import acknowledges_from
from exercises.services.audit import record
from exercises.services.run_events import append_event

LONGEST_REASON: Final = 500
LONGEST_NAME: Final = 120
_POLLED: Final = frozenset({Phase.PREFLIGHT, Phase.LIVE})


def answer_invitation(
    *, actor: Actor, participation: Participation, answer: str, on_call: str = ""
) -> Participation:
    """Accept (naming who is on call) or decline. Raises NotAllowed, Invalid, Conflict (over)."""
    authorize(actor, "participation.answer", participation.application)
    on_call = on_call.strip()
    if answer not in {"accepted", "declined"}:
        raise Invalid("answer", "accepted or declined")
    if answer == "accepted" and not on_call:
        raise Invalid("on_call", "name who is on call during the exercise")
    if len(on_call) > LONGEST_NAME:
        raise Invalid("on_call", f"at most {LONGEST_NAME} characters")
    with transaction.atomic():
        locked = _locked(participation)
        if locked.exercise.phase in OVER:
            raise Conflict("the exercise is over")
        locked.answer = answer
        if locked.on_call != on_call:  # whoever was there before speaks for nobody
            locked.acknowledged_by = locked.acknowledged_at = None
        locked.on_call, locked.on_call_person = on_call, _person_named(on_call)
        locked.answered_by_id, locked.answered_at = actor.user_id, database_now()
        locked.save(
            update_fields=[
                "answer", "on_call", "on_call_person", "acknowledged_by", "acknowledged_at",
                "answered_by", "answered_at",
            ]
        )  # fmt: skip
        append_event(
            exercise=locked.exercise,
            kind=f"participation.{answer}",
            text=f"{locked.application.name}: {answer}.",
            source=actor.name,
            author_id=actor.user_id,
        )
        record(actor, f"participation.{answer}", locked, on_call=on_call)
    return locked


def _person_named(words: str) -> User | None:
    """Who is meant by a name or an e-mail; None when that is nobody or more than one."""
    found = User.objects.filter(Q(name__iexact=words) | Q(email__iexact=words), is_active=True)
    return found[0] if words and len(found[:2]) == 1 else None


def answer_poll(
    *, actor: Actor, participation: Participation, is_go: bool, reason: str = ""
) -> Participation:
    """Say go or no-go; the last word counts, also after Go for what has not started.

    Raises NotAllowed, Invalid (a no-go without a reason), Conflict (the poll is not open).
    """
    authorize(actor, "participation.poll", participation.application)
    if not is_go and not reason.strip():
        raise Invalid("reason", "say why it is a no-go")
    if len(reason) > LONGEST_REASON:
        raise Invalid("reason", f"at most {LONGEST_REASON} characters")
    with transaction.atomic():
        locked = _locked(participation)
        exercise = locked.exercise
        if Phase(exercise.phase) not in _POLLED:
            raise Conflict("go or no-go is asked from pre-flight to the end of the exercise")
        if locked.answer != "accepted":
            raise Conflict(f"{locked.application.name} does not take part")
        locked.is_go = is_go
        locked.go_reason = reason.strip()
        locked.go_said_by_id = actor.person_id
        locked.go_said_at = database_now()
        locked.save(update_fields=["is_go", "go_reason", "go_said_by", "go_said_at"])
        word = "go" if is_go else "no-go"
        late = ", after Go" if exercise.went_live_at else ""
        why = f": {locked.go_reason}" if locked.go_reason else "."
        append_event(
            exercise=exercise,
            kind=f"poll.{'go' if is_go else 'no_go'}",
            text=f"{locked.application.name}: {word}{late}{why}",
            source=actor.name,
            author_id=actor.user_id,
        )
        record(actor, "participation.poll", locked, is_go=is_go, reason=locked.go_reason)
    return locked


def acknowledge(*, actor: Actor, participation: Participation) -> Participation:
    """Who is on call says that they are there, from one hour before the window on.

    Raises NotAllowed, Refused (nobody is named, too early, over).
    """
    authorize(actor, "participation.acknowledge", participation)
    with transaction.atomic():
        locked = _locked(participation)
        exercise, now = locked.exercise, database_now()
        if not locked.on_call:
            raise Refused(
                Refusal("on_call.unnamed", "Nobody is named as on call.", "The team names them.")
            )
        if now < acknowledges_from(exercise):
            raise Refused(
                Refusal(
                    "on_call.early",
                    "It is too early to say who will be there.",
                    "Acknowledge from one hour before the window on.",
                )
            )
        if Phase(exercise.phase) in OVER or now >= exercise.ends_at:
            raise Refused(Refusal("on_call.over", "The exercise is over.", "Nothing is needed."))
        locked.acknowledged_by_id = actor.person_id
        locked.acknowledged_at = now
        locked.save(update_fields=["acknowledged_by", "acknowledged_at"])
        append_event(
            exercise=exercise,
            kind="on_call.acknowledged",
            text=f"{locked.application.name}: on-call is there.",
            source=actor.name,
            author_id=actor.user_id,
        )
        record(actor, "participation.acknowledge", locked, on_call=locked.on_call)
    return locked


def rule_no_go(*, actor: Actor, exercise: Exercise, holds: str) -> Exercise:
    """Whether a no-go holds its own experiments or the whole exercise. Raises Invalid."""
    authorize(actor, "exercise.advance", exercise)
    if holds not in {"participant", "exercise"}:
        raise Invalid("holds", "participant or exercise")
    with transaction.atomic():
        locked = Exercise.objects.select_for_update(no_key=True).get(pk=exercise.pk)
        locked.no_go_holds = holds
        locked.save(update_fields=["no_go_holds"])
        what = "the whole exercise" if holds == "exercise" else "only its own experiments"
        append_event(
            exercise=locked,
            kind="poll.rule",
            text=f"From now on a no-go holds {what}.",
            source=actor.name,
            author_id=actor.user_id,
        )
        record(actor, "exercise.no_go_rule", locked, holds=holds)
    return locked


def _locked(participation: Participation) -> Participation:
    """The participation, locked after its exercise as everywhere."""
    Exercise.objects.select_for_update(no_key=True).get(pk=participation.exercise_id)
    return (
        Participation.objects.select_for_update(of=("self",), no_key=True)
        .select_related("exercise", "application", "on_call_person")
        .get(pk=participation.pk)
    )
