"""Opens the debrief of every exercise that has nothing left to do.

Called by the tick: a verdict, a stop and a skipped slot can each be the last thing an
exercise waited for, and whoever did it may have died right after.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from exercises.domain.exercise_phases import Phase, move
from exercises.failpoints import failpoint
from exercises.models import Exercise, Run
from exercises.models.runs import TERMINAL_VALUES
from exercises.services.run_events import append_event


def open_due_debriefs() -> None:
    """Move on what is live and has only runs that ended and were judged, or never began."""
    for exercise_id in _done().values_list("pk", flat=True):
        with transaction.atomic():
            locked = (
                _done().select_for_update(of=("self",), no_key=True).filter(pk=exercise_id).first()
            )
            if locked is not None:
                _open(locked)
                failpoint("debrief.before_commit")


def _done() -> QuerySet[Exercise]:
    runs = Run.objects.filter(experiment__exercise=OuterRef("pk"), is_rehearsal=False)
    waits = runs.filter(
        ~Q(state__in=TERMINAL_VALUES) | (~Q(experiment_ref="") & Q(judged_at__isnull=True))
    )
    began = Q(phase=Phase.LIVE.value) | Q(kind="self_service", phase=Phase.PREFLIGHT.value)
    return Exercise.objects.filter(began, Exists(runs), ~Exists(waits), is_imported=False)


def _open(exercise: Exercise) -> None:
    if exercise.phase == Phase.PREFLIGHT.value:
        exercise.phase = move(Phase.PREFLIGHT, Phase.LIVE).value
    exercise.phase = move(Phase(exercise.phase), Phase.DEBRIEF).value
    exercise.save(update_fields=["phase"])
    append_event(
        exercise=exercise,
        kind="exercise.debrief",
        text="Nothing runs any more, debrief is open.",
    )
