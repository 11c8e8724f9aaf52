"""Call something off before it starts: one experiment, or the exercise. Always with a reason,
which the log tells everybody; what was to start never does.
"""

from __future__ import annotations

from django.db import transaction

from exercises.domain.actors import Actor
from exercises.domain.errors import Conflict, Invalid, Refusal, Refused
from exercises.domain.exercise_phases import OVER, Phase, move
from exercises.domain.notices import Topic
from exercises.domain.run_states import RunState
from exercises.domain.webhooks import EventKind
from exercises.models import Exercise, Experiment, Run
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.services.audit import record
from exercises.services.notify import tell
from exercises.services.revisions import lock_experiment
from exercises.services.run_events import append_event
from exercises.services.run_plan import cancel_scheduled_run
from exercises.services.webhook_events import emit_experiment

LONGEST_REASON = 500


def cancel_experiment(*, actor: Actor, experiment: Experiment, reason: str) -> Experiment:
    """Call one experiment off. Its history stays.

    Raises NotAllowed, Invalid (no reason), Refused (it has been started), Conflict (over).
    """
    authorize(actor, "experiment.cancel", experiment)
    words = _reason(reason)
    with transaction.atomic():
        locked = lock_experiment(experiment)
        if locked.status in {"withdrawn", "cancelled"} or locked.exercise.phase in OVER:
            raise Conflict("there is nothing left to cancel")
        if locked.runs.filter(is_rehearsal=False, asked_at__isnull=False).exists():
            raise Refused(
                Refusal(
                    "experiment.started",
                    f"{locked.title} has been started.",
                    "Stop it if it still runs.",
                )
            )
        locked.status = "cancelled"
        locked.cancelled_because = words
        locked.save(update_fields=["status", "cancelled_because", "updated_at"])
        cancel_scheduled_run(locked, because=words)
        append_event(
            exercise=locked.exercise,
            kind="experiment.cancelled",
            text=f"{locked.title}: cancelled. {words}",
            source=actor.name,
            author_id=actor.user_id,
        )
        emit_experiment(EventKind.EXPERIMENT_CANCELLED, locked)
        tell(
            Topic.EXPERIMENT_CANCELLED,
            key=f"experiment:{locked.pk}:cancelled",
            text=words,
            exercise=locked.exercise,
            experiment=locked,
            by_id=actor.user_id,
        )
        record(actor, "experiment.cancel", locked, reason=words)
    return locked


def cancel_exercise(*, actor: Actor, exercise: Exercise, reason: str) -> Exercise:
    """Call the exercise off. Live is not called off but stopped.

    Raises NotAllowed, Invalid (no reason), Conflict (live, over, or something runs).
    """
    authorize(actor, "exercise.advance", exercise)
    words = _reason(reason)
    with transaction.atomic():
        locked = Exercise.objects.select_for_update(no_key=True).get(pk=exercise.pk)
        under_way = Run.objects.unfinished().exclude(state=RunState.SCHEDULED.value)
        if under_way.filter(experiment__exercise=locked, is_rehearsal=False).exists():
            raise Conflict("something is still running: Stop it or wait until it has ended")
        locked.phase = move(Phase(locked.phase), Phase.CANCELLED).value
        locked.cancelled_because = words
        locked.ended_at = locked.ended_at or database_now()
        locked.save(update_fields=["phase", "cancelled_because", "ended_at"])
        for experiment in locked.experiments.all():
            cancel_scheduled_run(experiment, because=f"the exercise was cancelled: {words}"[:480])
        append_event(
            exercise=locked,
            kind="exercise.cancelled",
            text=f"Cancelled. {words}",
            source=actor.name,
            author_id=actor.user_id,
        )
        record(actor, "exercise.cancel", locked, reason=words)
    return locked


def _reason(reason: str) -> str:
    words = reason.strip()
    if not words:
        raise Invalid("reason", "say why; everybody who takes part is told")
    if len(words) > LONGEST_REASON:
        raise Invalid("reason", f"at most {LONGEST_REASON} characters")
    return words
