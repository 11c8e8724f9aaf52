"""Somebody says that they see a fault: the moment from which people knew."""

from __future__ import annotations

from django.db import transaction

from exercises.domain.actors import Actor
from exercises.domain.detection import ACKNOWLEDGED
from exercises.domain.errors import Conflict
from exercises.models import Run
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.services.audit import record
from exercises.services.run_events import append_event, lock_run


def acknowledge_run(*, actor: Actor, run: Run) -> None:
    """Keep that this person saw the fault, once a run; whoever says it again changes nothing.

    Raises NotAllowed, and Conflict before the start and after the verdict.
    """
    authorize(actor, "exercise.note", run.experiment.exercise)
    with transaction.atomic():
        locked = lock_run(run.pk)
        if locked.started_at is None or locked.is_rehearsal:
            raise Conflict("there is nothing to see yet: the run has not started")
        if locked.judged_at is not None or locked.is_imported:
            raise Conflict("the run is over and judged; write into the debrief instead")
        if locked.events.filter(kind=ACKNOWLEDGED).exists():
            return
        append_event(
            exercise=locked.experiment.exercise,
            run=locked,
            kind=ACKNOWLEDGED,
            text=f"{locked.experiment.title}: acknowledged, somebody sees it.",
            source=actor.name,
            author_id=actor.user_id,
            at=database_now(),
        )
        record(actor, "run.acknowledge", locked)
