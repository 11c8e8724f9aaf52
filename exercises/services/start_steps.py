"""The steps of a start that its first attempt and its settlement share.

Only services.start and services.settle_starts use them. `ask_engine` is the one place
that asks an engine to start.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from exercises.domain.engine_values import Observation, StartOrder
from exercises.domain.errors import EngineError
from exercises.domain.run_states import RunState
from exercises.domain.target_accounts import target_tags
from exercises.engines.registry import engine
from exercises.failpoints import failpoint
from exercises.models import AccountRegion, Application, Exercise, Experiment, Run
from exercises.models.due_work import database_now
from exercises.services.run_events import engine_source, lock_run, move_run

SETTLE_AFTER = timedelta(seconds=2)
UNSETTLED = frozenset({RunState.STARTING.value, RunState.START_UNKNOWN.value})
"""The states of a run whose start has no known outcome."""
START_WITHIN = timedelta(seconds=60)
"""How long AWS takes this start: a worker that sleeps longer is refused there."""
CLOCKS_DIFFER_BY = timedelta(seconds=5)
"""Between the database and AWS."""


def lock_free(run_id: UUID | str, fence: int) -> Run:
    """The run as claimed, read without a lock. Raises Conflict when the claim is stale."""
    with transaction.atomic():
        return lock_run(run_id, fence=fence)


def lock_for_gate(run: Run, fence: int) -> Run:
    """Lock all that the gate reads, then the run; return the run read anew under the locks.

    Order everywhere: exercise, experiment, application, places by their keys, run. Go, edits,
    decisions and stops take the same rows, so nothing changes between the gate's answer and the
    commit; the application and the places are those whose other runs the gate counts.
    """
    Exercise.objects.select_for_update(no_key=True).get(pk=run.experiment.exercise_id)
    Experiment.objects.select_for_update(no_key=True).get(pk=run.experiment_id)
    Application.objects.select_for_update(no_key=True).get(pk=run.experiment.application_id)
    hit = [place.pk for place in run.places()]
    list(AccountRegion.objects.select_for_update(no_key=True).filter(pk__in=hit).order_by("pk"))
    return lock_run(run.pk, fence=fence)


def ask_engine(run: Run, fence: int, *, allowed_at: datetime, is_first: bool) -> None:
    """The one place that asks for a start; also for the same token again.

    `allowed_at` is when the gate let it through: the permission ends START_WITHIN later.
    A stop may have come since: then nothing is asked.
    """
    if lock_free(run.pk, fence).stop_requested_at is not None:
        _record_not_asked(run, fence, is_first=is_first)
        return
    plan = run.revision.plan
    access = run.experiment.deployment.place.access
    order = StartOrder(
        run_id=str(run.pk),
        template_ref=run.template_ref,
        token=run.token,
        is_rehearsal=run.is_rehearsal,
        not_after=allowed_at + START_WITHIN,
        tags={
            "chaosplane:digest": run.revision.digest,
            "chaosplane:exercise": run.experiment.exercise.slug,
            **target_tags(plan["definition"]),
        },
        definition=plan["definition"],
        speed=settings.CHAOSPLANE_TIME_SPEED,
    )
    try:
        failpoint("start.before_send")
        observation = engine(plan["engine"]).start(access, order)
        failpoint("start.sent")
    except EngineError as error:
        is_late = database_now() >= order.not_after - CLOCKS_DIFFER_BY
        _record_failure(run, fence, error, is_settled=is_first and not is_late)
        return
    record_started(run, fence, observation)
    failpoint("start.recorded")


def record_started(run: Run, fence: int | None, observation: Observation) -> None:
    """The engine has the experiment: note which, and have its Region watched at once."""
    with transaction.atomic():
        place = AccountRegion.objects.select_for_update(no_key=True).get(
            pk=run.experiment.deployment.place_id
        )
        now = database_now()
        stopping = lock_run(run.pk, fence=fence).stop_requested_at is not None
        move_run(
            run,
            RunState.STOPPING if stopping else RunState.RUNNING,
            text=f"{run.experiment.title}: started.",
            source=engine_source(run),
            fence=fence,
            experiment_ref=observation.ref,
            engine_status=observation.status.value,
            started_at=observation.started_at or now,
            due_at=None,
            lease_until=None,
        )
        place.due_at = now
        place.save(update_fields=["due_at"])
        failpoint("start.before_record_commit")


def _record_not_asked(run: Run, fence: int, *, is_first: bool) -> None:
    """Stopped in time. What was asked for before may still turn up, so it is looked for."""
    if not is_first:
        settle_again(run, fence)
        return
    move_run(
        run,
        RunState.CANCELLED,
        reason="stopped before it started",
        text=f"{run.experiment.title}: cancelled before it started.",
        fence=fence,
    )


def _record_failure(run: Run, fence: int, error: EngineError, *, is_settled: bool) -> None:
    """Nothing happened for certain: failed. Anything else: unknown, to be settled.

    What is said to a repeated request says nothing about the first one, and what is said
    after the permission has ended, nothing about this start: the gate is asked again.
    """
    if is_settled and error.outcome == "none" and not error.retryable:
        move_run(
            run,
            RunState.FAILED,
            reason=str(error),
            text=f"{run.experiment.title}: could not be started. {error}",
            fence=fence,
        )
        return
    if run.state == RunState.START_UNKNOWN.value:
        settle_again(run, fence)
        return
    move_run(
        run,
        RunState.START_UNKNOWN,
        reason=str(error),
        text=f"{run.experiment.title}: no answer to the start yet, looking for it.",
        fence=fence,
        due_at=database_now() + SETTLE_AFTER,
        lease_until=None,
    )


def settle_again(run: Run, fence: int) -> None:
    """Look again in a moment."""
    Run.objects.filter(pk=run.pk, fence=fence, state__in=UNSETTLED).update(
        due_at=database_now() + SETTLE_AFTER, lease_until=None
    )
