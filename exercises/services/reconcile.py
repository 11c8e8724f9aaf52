"""Compare what runs in an account with what we know: both ways, in every look at it.

What runs there is ours and known, or it is stopped (a run of ours that must not run), or it
is reported (anybody else's). What we believe to run and AWS does not know has ended. FIS lists
an experiment in several accounts only where it was started, so each is compared there alone.
Called by services.observe.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from exercises.domain.engine_documents import kind_of
from exercises.domain.engine_values import Tagged, Watch
from exercises.domain.errors import EngineError
from exercises.domain.run_states import TERMINAL, RunState
from exercises.engines.registry import ENGINES, engine
from exercises.models import AccountRegion, Run
from exercises.models.due_work import database_now
from exercises.queries.plans import planned_wall
from exercises.services.audit import record
from exercises.services.run_events import append_event, lock_run, move_run
from exercises.services.system import SYSTEM

log = logging.getLogger(__name__)

LOST_AFTER_S = 120
"""Planned seconds after its start before an experiment that AWS does not list is lost."""


def reconcile(place: AccountRegion) -> list[dict[str, str]]:
    """One comparison; returns what runs there and is no run of ours.

    An engine that cannot be asked keeps no other from being compared. Raises EngineError then,
    once all that is known was seen to.
    """
    active, failures = _active(place)
    runs = _named([tagged for _, tagged in active])
    foreign = []
    for name, tagged in active:
        run = runs.get(tagged.run_id)
        if run is None:
            foreign.append(
                {"ref": tagged.ref, "status": tagged.status.value, "run_id": tagged.run_id}
            )
        elif _must_not_run(run, tagged):
            _stop_orphan(place, run, name, tagged)
    if failures:
        raise failures[0]
    _close_lost(place, {tagged.ref for _, tagged in active})
    return foreign


def _active(place: AccountRegion) -> tuple[list[tuple[str, Tagged]], list[EngineError]]:
    """What has not ended, with the name of its engine. What is over and unwatched is ended
    first: then it is not there any more. What cannot be ended hides nothing that runs."""
    found: list[tuple[str, Tagged]] = []
    failures = []
    for name, each in ENGINES.items():
        try:
            each.expire(place.access)
        except EngineError as error:
            failures.append(error)
        try:
            found += [(name, tagged) for tagged in each.active(place.access)]
        except EngineError as error:
            failures.append(error)
    return found, failures


def _named(active: Sequence[Tagged]) -> dict[str, Run]:
    """The runs that the tags name, as far as they are ours."""
    ids = [tagged.run_id for tagged in active if _is_uuid(tagged.run_id)]
    return {str(run.pk): run for run in Run.objects.filter(pk__in=ids)}


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _must_not_run(run: Run, tagged: Tagged) -> bool:
    """A second experiment of one run, or one of a run that was closed without it.

    A start that is still being settled names no experiment yet: settling adopts it.
    """
    if run.experiment_ref:
        return run.experiment_ref != tagged.ref
    return RunState(run.state) in TERMINAL


def _stop_orphan(place: AccountRegion, run: Run, name: str, tagged: Tagged) -> None:
    """Stop it in every look until it has ended; say so once."""
    engine(name).stop(place.access, tagged.ref)
    with transaction.atomic():
        locked = lock_run(run.pk)
        if locked.events.filter(kind="run.orphan", details__ref=tagged.ref).exists():
            return
        append_event(
            exercise=locked.experiment.exercise,
            run=locked,
            kind="run.orphan",
            text=f"{locked.experiment.title}: an experiment ran that must not run. Stopped.",
            source=f"{kind_of(name).words}, {tagged.ref}",
            ref=tagged.ref,
        )
        record(SYSTEM, "run.orphan_stopped", locked, ref=tagged.ref)
    log.error("reconcile.orphan", extra={"run": str(run.pk), "ref": tagged.ref})


def _close_lost(place: AccountRegion, listed: set[str]) -> None:
    """A run that AWS neither lists nor knows can end no more: close it, saying so."""
    since = database_now() - planned_wall(LOST_AFTER_S)
    runs = (
        Run.objects.unfinished()
        .filter(experiment__deployment__place=place, started_at__lt=since)
        .exclude(experiment_ref="")
        .exclude(experiment_ref__in=listed)
    )
    for run in runs.select_related("experiment", "revision"):
        watch = Watch(run.experiment_ref, None, full=False)
        if engine(run.revision.plan["engine"]).observe(place.access, [watch]):
            continue
        move_run(
            run,
            RunState.FAILED,
            reason="AWS does not know this experiment any more.",
            text=f"{run.experiment.title}: AWS does not know this experiment any more.",
            settle_until=database_now(),
        )
        log.error("reconcile.lost", extra={"run": str(run.pk), "ref": run.experiment_ref})
