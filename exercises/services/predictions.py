"""Say before a run what one expects of it."""

from __future__ import annotations

from typing import Final

from django.db import transaction

from exercises.domain.actors import Actor
from exercises.domain.errors import Conflict, Invalid
from exercises.models import Exercise, Experiment, Prediction
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.queries.predictions import is_open
from exercises.services.audit import record

MAX_BECAUSE: Final = 500
LONGEST_RECOVERY_S: Final = 24 * 3600


def predict(
    *,
    actor: Actor,
    experiment: Experiment,
    holds: bool,
    recovery_s: int | None = None,
    because: str = "",
) -> Prediction:
    """One's word on a run that has not started; said anew, the last one counts.

    Raises NotAllowed, Invalid that names the field and the limit, Conflict once it started.
    """
    authorize(actor, "experiment.predict", experiment)
    because = because.strip()
    problems = []
    if recovery_s is not None and not 0 <= recovery_s <= LONGEST_RECOVERY_S:
        problems.append(("recovery_s", f"0 to {LONGEST_RECOVERY_S:,} seconds"))
    if len(because) > MAX_BECAUSE:
        problems.append(("because", f"at most {MAX_BECAUSE} characters"))
    if problems:
        raise Invalid.of(problems)
    with transaction.atomic():
        exercise = Exercise.objects.select_for_update(no_key=True).get(pk=experiment.exercise_id)
        locked = Experiment.objects.select_for_update(no_key=True).get(pk=experiment.pk)
        locked.exercise = exercise
        if not is_open(locked):
            raise Conflict("it has started or is over: what was expected stays as it was said")
        made = Prediction.objects.create(
            experiment=locked,
            person_id=actor.person_id,
            holds=holds,
            recovery_s=recovery_s,
            because=because,
            made_at=database_now(),
        )
        record(actor, "experiment.predict", locked, holds=holds, recovery_s=recovery_s)
    return made
