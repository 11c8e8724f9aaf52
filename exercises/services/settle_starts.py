"""A start without an answer: look for it, ask again with the same token, or give up.

Never asks again after a stop, and asks again only when every gate still lets it: if the
first call never arrived, the second one is the start.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from exercises.domain.engine_values import EngineStatus, Observation, Watch
from exercises.domain.errors import EngineError
from exercises.domain.run_states import RunState
from exercises.engines.registry import engine
from exercises.failpoints import failpoint
from exercises.models import Run
from exercises.models.due_work import database_now, kept
from exercises.queries.plans import planned_wall
from exercises.queries.start_gate import refusals
from exercises.services import all_accounts
from exercises.services.audit import record
from exercises.services.run_events import move_run
from exercises.services.start_hooks import ask_hooks
from exercises.services.start_steps import (
    UNSETTLED,
    ask_engine,
    lock_for_gate,
    lock_free,
    record_started,
    settle_again,
)
from exercises.services.system import SYSTEM

GIVE_UP_AFTER_S = 900
"""Planned seconds for which an experiment that was never found is looked for."""


def settle_start(*, run_id: str, fence: int) -> None:
    """Settle one claimed run whose start has no known outcome."""
    with kept(Run, run_id, fence):
        _settle(run_id, fence)


def _settle(run_id: str, fence: int) -> None:
    run = lock_free(run_id, fence)
    if run.state not in UNSETTLED:
        return
    failpoint("settle.claimed")
    chosen = engine(run.revision.plan["engine"])
    access = run.experiment.deployment.place.access
    try:
        ref = chosen.find(access, run.template_ref, str(run.pk))
        found = chosen.observe(access, [Watch(ref, None, full=False)]) if ref else ()
    except EngineError:
        settle_again(run, fence)
        return
    if ref:
        failpoint("settle.found")
        observation = found[0] if found else _not_observed_yet(ref)
        record_started(run, fence, observation)
        return
    failpoint("settle.not_found")
    allowed_at = _allowed_again(run, fence)
    if allowed_at is not None:
        failpoint("settle.allowed")
        ask_engine(run, fence, allowed_at=allowed_at, is_first=False)


def _not_observed_yet(ref: str) -> Observation:
    return Observation(ref, EngineStatus.PENDING, "", None, None, ())


def _allowed_again(run: Run, fence: int) -> datetime | None:
    """Ask every gate anew; return when they all let it through.

    When one refuses, wait for a late arrival, then close the run.
    """
    ask_hooks(run)
    try:
        levers = all_accounts.engaged_levers(run.places())
    except EngineError:
        settle_again(run, fence)
        return None
    with transaction.atomic():
        locked = lock_for_gate(run, fence)
        now = database_now()
        refused = refusals(locked, now=now, target_count=None, is_reissue=True, levers=levers)
        if not refused:
            record(SYSTEM, "run.start_again", locked, token=locked.token)
            failpoint("settle.before_commit")
            return now
        if locked.asked_at and now - locked.asked_at < planned_wall(GIVE_UP_AFTER_S):
            settle_again(locked, fence)
            return None
        because = " ".join(refusal.because for refusal in refused)
        move_run(
            locked,
            RunState.CANCELLED,
            reason=because,
            text=f"{locked.experiment.title}: never started. {because}",
            fence=fence,
        )
        return None
