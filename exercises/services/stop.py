"""Stop one run, all of an exercise, or all in a Region. Never refused for a rule's sake.

A stop is on disk first, then nothing more starts and AWS is asked, in the same request.
Whatever AWS says, services.observe and the sentinel ask again until the run is seen to
have ended. Nothing here goes through Celery.

`begin` and `note_receipts` are what the database gets to know of a stop; both may be told
again. services.stop_now and the sentinel tell it what happened while it was away.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction

from exercises.domain.actors import Actor, Door
from exercises.domain.plans import AccountAccess
from exercises.domain.run_states import TERMINAL, RunState
from exercises.failpoints import failpoint
from exercises.models import (
    AccountRegion,
    Exercise,
    Run,
    RunEvent,
    SafetyLever,
    Schedule,
    User,
)
from exercises.models.due_work import database_now
from exercises.models.runs import RunQuerySet
from exercises.permissions import authorize
from exercises.queries.stop_target import target_of
from exercises.services.audit import record
from exercises.services.run_events import append_event, lock_run, move_run
from exercises.stopping import stopper
from exercises.stopping.journal import Entry, Journal
from exercises.stopping.orders import Receipt, Scope, StopOrder, StopTarget

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StopOutcome:
    """What is known of one stop right after it was asked for."""

    run_id: str
    title: str
    accepted: bool
    message: str


def stop_run(*, actor: Actor, run: Run, reason: str = "") -> StopOutcome:
    """Stop one run, and suspend the schedule it came from. Asking twice is asking once.
    Raises NotAllowed."""
    authorize(actor, "run.stop", run)
    (outcome,) = _carry_out(order_of(actor, Scope.RUN, str(run.pk), reason))
    return outcome


def stop_all(*, actor: Actor, exercise: Exercise, reason: str = "") -> Sequence[StopOutcome]:
    """Stop everything of an exercise: nothing more starts, what waits is cancelled, what
    runs is stopped, its schedule is suspended. Raises NotAllowed."""
    authorize(actor, "exercise.stop", exercise)
    return _carry_out(order_of(actor, Scope.EXERCISE, exercise.slug, reason))


def stop_region(*, actor: Actor, place: AccountRegion, reason: str = "") -> Sequence[StopOutcome]:
    """Engage the safety lever of an account's Region: everything there stops, whoever started
    it, and what reaches it from another account; nothing starts until two people have released
    it. Raises NotAllowed."""
    authorize(actor, "account.stop", place)
    what = f"{place.account.account_id}/{place.region}"
    return _carry_out(order_of(actor, Scope.REGION, what, reason), [place.access])


def order_of(actor: Actor, scope: Scope, what: str, reason: str) -> StopOrder:
    return StopOrder(
        scope=scope,
        what=what,
        who=actor.name,
        user_id=actor.user_id,
        door=actor.door.value,
        reason=reason[:500],
    )


def journal() -> Journal:
    return Journal(Path(settings.CHAOSPLANE_STOP_JOURNAL))


def write_down(order: StopOrder, targets: Sequence[StopTarget]) -> Entry | None:
    """Put the stop on disk. A disk that cannot take it does not keep AWS from being asked."""
    try:
        return journal().open(order, targets)
    except OSError:
        log.exception("stop.journal.unwritable", extra={"order": order.id})
        return None


def _carry_out(order: StopOrder, levers: Sequence[AccountAccess] = ()) -> list[StopOutcome]:
    entry = write_down(order, [])
    failpoint("stop.journalled")
    asked = begin(order)
    failpoint("stop.latched")
    for status, problem in stopper.engage_levers(levers, lever_reason(order)).values():
        note_lever(order, status, problem)
        if entry:
            entry.set_lever(status)
    targets = [target for run in asked if (target := target_of(run)) is not None]
    if entry:
        entry.add_targets(targets)
    receipts = stopper.stop(targets)
    failpoint("stop.sent")
    if entry:
        entry.add_receipts(receipts)
    note_receipts(receipts)
    if entry:
        entry.mark_told()
    by_run = {receipt.target.run_id: receipt for receipt in receipts}
    return [_outcome(run, by_run.get(str(run.pk))) for run in asked]


def lever_reason(order: StopOrder) -> str:
    """What FIS keeps with the lever: it wants to know why."""
    return f"Stopped by {order.who} with chaosplane. {order.reason}".strip()[:500]


def begin(order: StopOrder) -> list[Run]:
    """Set every latch that the order reaches, blocking new starts before anything else;
    returns its runs as they are then."""
    actor = _actor(order)
    if order.scope is Scope.EXERCISE:
        _latch_exercise(order, actor)
    if order.scope is Scope.REGION:
        _latch_region(order, actor)
    ids = list(runs_of(order).order_by("pk").values_list("pk", flat=True))
    return [_latch(order, actor, pk) for pk in ids]


def runs_of(order: StopOrder) -> RunQuerySet:
    """The runs that an order reaches and that have not ended; for one run, that run."""
    match order.scope:
        case Scope.RUN:
            return Run.objects.filter(pk=order.what)
        case Scope.EXERCISE:
            return Run.objects.unfinished().filter(experiment__exercise__slug=order.what)
        case Scope.REGION:
            return Run.objects.unfinished().reaching(_place(order))


def note_lever(order: StopOrder, status: str, problem: str = "") -> None:
    """Write down what AWS said of the safety lever."""
    open_levers = SafetyLever.objects.filter(place=_place(order), released_at__isnull=True)
    if status:
        open_levers.update(status=status)
    else:
        log.warning("stop.lever.not_confirmed", extra={"place": order.what, "why": problem})


def note_receipts(receipts: Sequence[Receipt]) -> None:
    """Write down what AWS said, and have it watched at once."""
    for receipt in receipts:
        if receipt.target.run_id:
            _note(receipt)


def _actor(order: StopOrder) -> Actor:
    is_known = order.user_id is not None and User.accounts.filter(pk=order.user_id).exists()
    return Actor(
        user_id=order.user_id if is_known else None,
        name=order.who,
        door=Door(order.door),
        org_roles=frozenset(),
        team_roles={},
    )


def _asked_at(order: StopOrder) -> datetime:
    """When it was asked for; never later than now, whatever another clock says."""
    return min(order.at, database_now())


def _latch_exercise(order: StopOrder, actor: Actor) -> None:
    with transaction.atomic():
        locked = Exercise.objects.select_for_update(no_key=True).get(slug=order.what)
        if RunEvent.objects.filter(
            exercise=locked, kind="stop.all", details__order=order.id
        ).exists():
            return
        is_first = locked.stopped_at is None
        if is_first:
            locked.stopped_at = _asked_at(order)
            locked.save(update_fields=["stopped_at"])
        append_event(
            exercise=locked,
            kind="stop.all",
            text="Stop all." if is_first else "Stop all, asked again.",
            source=actor.name,
            author_id=actor.user_id,
            at=_asked_at(order),
            reason=order.reason,
            order=order.id,
        )
        _suspend_schedule(locked, actor)
        record(actor, "exercise.stop", locked, reason=order.reason)


def _place(order: StopOrder) -> AccountRegion:
    account_id, _, region = order.what.partition("/")
    return AccountRegion.objects.get(account__account_id=account_id, region=region)


def _latch_region(order: StopOrder, actor: Actor) -> None:
    """Open the lever's row under the lock that every start takes: nothing starts after it."""
    with transaction.atomic():
        place = AccountRegion.objects.select_for_update(no_key=True).get(pk=_place(order).pk)
        if SafetyLever.objects.filter(place=place, released_at__isnull=True).exists():
            return
        lever = SafetyLever.objects.create(
            place=place,
            reason=order.reason,
            engaged_at=_asked_at(order),
            engaged_by_id=actor.user_id,
            engaged_by_name=actor.name[:120],
        )
        record(actor, "lever.engage", lever, place=order.what, reason=order.reason)


def _suspend_schedule(exercise: Exercise, actor: Actor) -> None:
    """What was stopped does not come again by itself."""
    if exercise.schedule_id is None:
        return
    mine = Schedule.objects.filter(pk=exercise.schedule_id, is_suspended=False)
    if mine.update(
        is_suspended=True, suspended_at=database_now(), suspended_by_name=actor.name[:120]
    ):
        append_event(
            exercise=exercise,
            kind="schedule.suspended",
            text="The schedule is suspended until a person resumes it.",
            source=actor.name,
            author_id=actor.user_id,
        )


def _latch(order: StopOrder, actor: Actor, run_id: UUID) -> Run:
    """Set the latch, once; a run that only waits is cancelled with it."""
    with transaction.atomic():
        locked = lock_run(run_id)
        if RunState(locked.state) in TERMINAL or locked.stop_requested_at is not None:
            return locked
        locked.stop_requested_at = _asked_at(order)
        locked.stop_requested_by_id = actor.user_id
        locked.save(update_fields=["stop_requested_at", "stop_requested_by"])
        append_event(
            exercise=locked.experiment.exercise,
            run=locked,
            kind="stop.requested",
            text=f"{locked.experiment.title}: stop asked for.",
            source=actor.name,
            author_id=actor.user_id,
            at=locked.stop_requested_at,
            reason=order.reason,
        )
        if locked.state == RunState.SCHEDULED.value:
            locked = move_run(
                locked,
                RunState.CANCELLED,
                reason="stopped before it started",
                text=f"{locked.experiment.title}: cancelled before it started.",
            )
        if not locked.is_rehearsal:
            _suspend_schedule(locked.experiment.exercise, actor)
        record(actor, "run.stop", locked, reason=order.reason)
        failpoint("stop.before_latch_commit")
        return locked


def _note(receipt: Receipt) -> None:
    """Accepted moves the run to stopping; how it ended is for the observation to say."""
    with transaction.atomic():
        run = lock_run(receipt.target.run_id)
        current = RunState(run.state)
        title = run.experiment.title
        if not receipt.is_accepted:
            append_event(
                exercise=run.experiment.exercise,
                run=run,
                kind="stop.failed",
                text=f"{title}: AWS did not take the stop yet, asking again. {receipt.message}",
            )
        elif current is RunState.RUNNING:
            move_run(run, RunState.STOPPING, reason=receipt.message, text=f"{title}: stopping.")
    AccountRegion.objects.filter(pk=run.experiment.deployment.place_id).update(
        due_at=database_now()
    )


def _outcome(run: Run, receipt: Receipt | None) -> StopOutcome:
    run_id, title = str(run.pk), run.experiment.title
    if receipt is not None:
        return StopOutcome(run_id, title, receipt.is_accepted, receipt.message)
    if RunState(run.state) in TERMINAL:
        return StopOutcome(run_id, title, True, "It is not running.")
    return StopOutcome(
        run_id, title, False, "Its start has no answer yet; it is stopped when found."
    )
