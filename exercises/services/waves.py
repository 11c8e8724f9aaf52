"""Waves of a live exercise: continue after a hold point, and let an application join late.

A slot counts from the start of its wave: from Go for the first one, from the lead's word after
the hold point for every other. A run of a later wave waits, due at the end of the window: it
is skipped then, with the hold point as its reason, when nobody continued.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Max

from exercises import hints
from exercises.domain.actors import Actor
from exercises.domain.errors import Conflict, Invalid, Refusal, Refused
from exercises.domain.exercise_phases import Phase
from exercises.domain.run_states import RunState
from exercises.domain.waves import MOST_WAVES
from exercises.models import Exercise, Experiment, HoldPoint, Run
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.queries.approvals import approval_of
from exercises.queries.going_live import (
    any_takes_two,
    current_wave,
    has_pair,
    no_go_for,
    waiting_hold,
)
from exercises.queries.plans import planned_wall
from exercises.queries.preflight import preflight_now
from exercises.services.audit import record
from exercises.services.revisions import lock_experiment
from exercises.services.run_events import append_event, lock_run
from exercises.services.run_plan import schedule_run

LONGEST_REASON = 500


def continue_wave(
    *, actor: Actor, exercise: Exercise, after_wave: int, reason: str = ""
) -> HoldPoint:
    """Let the next wave begin now.

    Raises NotAllowed, Invalid, Conflict (another hold point waits), Refused (the wave before
    still runs, a stop was asked for).
    """
    authorize(actor, "exercise.continue", exercise)
    if len(reason) > LONGEST_REASON:
        raise Invalid("reason", f"at most {LONGEST_REASON} characters")
    with transaction.atomic():
        locked = _live(exercise)
        hold = waiting_hold(locked)
        if hold is None or hold.after_wave != after_wave:
            raise Conflict("this hold point does not wait any more; look again")
        _refuse_while_running(locked, after_wave)
        now = database_now()
        hold.continued_at = now
        hold.continued_by_id = actor.person_id
        hold.reason = reason.strip()
        hold.save(update_fields=["continued_at", "continued_by", "reason"])
        started = _begin_wave(locked, now)
        append_event(
            exercise=locked,
            kind="wave.continued",
            text=f"Continued after wave {after_wave}: {started} to start."
            + (f" {hold.reason}" if hold.reason else ""),
            source=actor.name,
            author_id=actor.user_id,
        )
        record(actor, "exercise.continue", locked, after_wave=after_wave, reason=hold.reason)
        hints.wake_once_committed("exercises.tick")
    return hold


def join_late(*, actor: Actor, experiment: Experiment, wave: int) -> Run:
    """Take what was approved and checked after Go into a wave that has not begun.

    Raises NotAllowed, Invalid (the wave), Refused with everything that is missing.
    """
    authorize(actor, "exercise.continue", experiment.exercise)
    with transaction.atomic():
        exercise = _live(experiment.exercise)
        locked = lock_experiment(experiment)
        now = database_now()
        on = current_wave(exercise)
        if not on < wave <= MOST_WAVES:
            raise Invalid("wave", f"between {on + 1}, the next one, and {MOST_WAVES}")
        _refuse_unready(locked, now)
        locked.wave = wave
        locked.save(update_fields=["wave"])
        _hold_before(exercise, wave)
        run = schedule_run(experiment=locked, at=exercise.ends_at, scheduled_by_id=actor.user_id)
        append_event(
            exercise=exercise,
            run=run,
            kind="wave.joined",
            text=f"{locked.application.name} joins late, in wave {wave}: {locked.title}.",
            source=actor.name,
            author_id=actor.user_id,
        )
        record(actor, "exercise.join_late", locked, wave=wave)
    return run


def _live(exercise: Exercise) -> Exercise:
    """The exercise under its lock. Raises Refused unless it is live and not stopped."""
    locked = Exercise.objects.select_for_update(no_key=True).get(pk=exercise.pk)
    if locked.phase != Phase.LIVE.value:
        raise Refused(Refusal("exercise.not_live", "The exercise is not live.", "Say Go first."))
    if locked.stopped_at is not None:
        raise Refused(
            Refusal("stop.requested", "The exercise was stopped.", "Plan another exercise.")
        )
    return locked


def _refuse_while_running(exercise: Exercise, after_wave: int) -> None:
    waves = Run.objects.unfinished().filter(
        experiment__exercise=exercise, experiment__wave__lte=after_wave, is_rehearsal=False
    )
    titles = sorted(waves.values_list("experiment__title", flat=True))
    if titles:
        raise Refused(
            Refusal(
                "wave.not_over",
                f"Wave {after_wave} is not over: {', '.join(titles)}.",
                "Wait until it has ended, or Stop it.",
            )
        )


def _begin_wave(exercise: Exercise, now: datetime) -> int:
    """Give the runs of the waves that nothing holds any more their instants; how many."""
    waiting = Run.objects.filter(
        experiment__exercise=exercise,
        is_rehearsal=False,
        state=RunState.SCHEDULED.value,
        experiment__wave__lte=current_wave(exercise),
    ).order_by("pk")
    begun = list(waiting.values_list("pk", flat=True))
    for pk in begun:
        run = lock_run(pk)
        run.scheduled_at = run.due_at = now + planned_wall(run.experiment.slot_offset_s)
        run.lease_until = None
        run.save(update_fields=["scheduled_at", "due_at", "lease_until"])
    return len(begun)


def _hold_before(exercise: Exercise, wave: int) -> None:
    """The hold point before a wave that nobody was in until now."""
    before = Run.objects.filter(
        experiment__exercise=exercise, experiment__wave__lt=wave, is_rehearsal=False
    ).aggregate(last=Max("experiment__wave"))["last"]
    HoldPoint.objects.get_or_create(exercise=exercise, after_wave=before or wave - 1)


def _refuse_unready(experiment: Experiment, now: datetime) -> None:
    refusals: list[Refusal] = []
    if experiment.status != "proposed" or experiment.revision is None:
        refusals.append(Refusal("experiment.not_proposed", "It is not proposed.", "Propose it."))
    if experiment.runs.filter(is_rehearsal=False).exists():
        refusals.append(Refusal("experiment.started", "It has a slot already.", "Wait for it."))
    refusals += approval_of(experiment, now=now).refusals
    if any_takes_two([experiment]) and not has_pair(experiment.exercise):
        refusals.append(
            Refusal(
                "go.two_people",
                "In production this rung starts only when two people have said Go, and one did.",
                "Propose it for the next exercise.",
            )
        )
    held = no_go_for(experiment.exercise, [experiment]).get(experiment.pk, ())
    if held:
        refusals.append(Refusal("poll.no_go", f"No-go from {', '.join(held)}.", "They say go."))
    unready = preflight_now(experiment, now=now).in_the_way
    if unready:
        refusals.append(
            Refusal(
                "preflight.not_ready",
                f"Pre-flight is not ready: {'; '.join(line.said for line in unready)}.",
                "Run the checks and put right what fails.",
            )
        )
    if refusals:
        raise Refused(*refusals)
