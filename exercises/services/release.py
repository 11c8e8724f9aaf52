"""What a stop holds back until people let go of it: safety levers and schedules.

A lever takes two people: one asks, another releases.
"""

from __future__ import annotations

from django.db import transaction

from exercises.aws.safety_lever import disengage
from exercises.domain.actors import Actor
from exercises.domain.errors import Refusal, Refused
from exercises.models import SafetyLever, Schedule
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.services.audit import record


def release_lever(*, actor: Actor, lever: SafetyLever) -> SafetyLever:
    """The first person asks for it, the second does it. Raises NotAllowed, Refused for one
    person twice, and EngineError while AWS does not let go: then it is still engaged."""
    authorize(actor, "lever.release", lever)
    with transaction.atomic():
        locked = SafetyLever.objects.select_for_update(no_key=True).get(pk=lever.pk)
        if locked.released_at is not None:
            return locked
        if locked.release_asked_by_id is None:
            locked.release_asked_by_id = actor.person_id
            locked.release_asked_at = database_now()
            locked.save(update_fields=["release_asked_by", "release_asked_at"])
            record(actor, "lever.release_asked", locked)
            return locked
        _refuse_the_same(actor, locked)
    # AWS before the row: if this process ends in between, the gate stays closed.
    status = disengage(lever.place.access, f"Released by {actor.name} with chaosplane.")
    with transaction.atomic():
        locked = SafetyLever.objects.select_for_update(no_key=True).get(pk=lever.pk)
        if locked.released_at is None:
            locked.released_by_id, locked.released_at = actor.person_id, database_now()
            locked.status = status
            locked.save(update_fields=["released_by", "released_at", "status"])
            record(actor, "lever.release", locked)
        return locked


def _refuse_the_same(actor: Actor, lever: SafetyLever) -> None:
    if lever.release_asked_by_id == actor.person_id:
        raise Refused(
            Refusal(
                "lever.two_people",
                "Two people release a safety lever, and you have asked for it already.",
                "Another programme lead or safety officer releases it.",
            )
        )


def resume_schedule(*, actor: Actor, schedule: Schedule) -> None:
    """Let a schedule that a stop suspended create editions again. Raises NotAllowed."""
    authorize(actor, "schedule.resume", schedule)
    with transaction.atomic():
        locked = Schedule.objects.select_for_update(no_key=True).get(pk=schedule.pk)
        if not locked.is_suspended:
            return
        locked.is_suspended, locked.due_at = False, database_now()
        locked.suspended_at, locked.suspended_by_name = None, ""
        locked.save(update_fields=["is_suspended", "due_at", "suspended_at", "suspended_by_name"])
        record(actor, "schedule.resume", locked)
