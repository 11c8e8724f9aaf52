"""Bugs on purpose: the oracle has to see each of them. `make planted-bugs` is the caller.

Each is one mistake a person could make in the product, planted into a process of the harness
only. The first line of its docstring is the mistake; what catches it is for the oracle to say.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from django.db import transaction

from exercises.domain.errors import EngineError
from exercises.domain.run_states import RunState
from exercises.engines import fis
from exercises.failpoints import failpoint
from exercises.models import Run
from exercises.models.audit import AuditEntry
from exercises.services import observe as _observe
from exercises.services import reconcile as _reconcile
from exercises.services import run_events as _run_events
from exercises.services import settle_starts as _settle_starts
from exercises.services import start as _start
from exercises.services import start_steps as _start_steps
from exercises.services import stop as _stop

# What is replaced is not what these modules offer, so no type checker is to look at it.
observe: Any = _observe
reconcile: Any = _reconcile
run_events: Any = _run_events
settle_starts: Any = _settle_starts
start: Any = _start
start_steps: Any = _start_steps
stop: Any = _stop
FisEngine: Any = fis.FisEngine

Plant = Callable[[], None]
CHANGES: Final = ("approval.", "freeze.")
"""Rules whose answer people change at any moment."""
BUGS: Final[dict[str, Plant]] = {}


def bug(plant: Plant) -> Plant:
    BUGS[plant.__name__.replace("_", "-")] = plant
    return plant


def _replace(name: str, new: Any, *modules: Any) -> None:
    """Put the wrong function wherever the right one is imported."""
    for module in modules:
        if not hasattr(module, name):
            raise AttributeError(f"{module.__name__} has no {name}: this bug plants nothing")
        setattr(module, name, new)


@bug
def token_per_attempt() -> None:
    """Every attempt has a token of its own."""
    right, tried = FisEngine.start, [0]

    def wrong(self: Any, access: Any, order: Any) -> Any:
        tried[0] += 1
        return right(self, access, dataclasses.replace(order, token=f"{order.token}-{tried[0]}"))

    FisEngine.start = wrong


@bug
def token_dropped() -> None:
    """The token is left to boto3, which makes up another one each time."""
    right = FisEngine.start

    def wrong(self: Any, access: Any, order: Any) -> Any:
        return right(self, access, dataclasses.replace(order, token=str(uuid.uuid4())))

    FisEngine.start = wrong


@bug
def tag_forgotten() -> None:
    """The experiment does not carry its run, so nobody finds it again."""
    right = FisEngine.start

    def wrong(self: Any, access: Any, order: Any) -> Any:
        return right(self, access, dataclasses.replace(order, run_id="unknown"))

    FisEngine.start = wrong


@bug
def reissue_after_stop() -> None:
    """The settlement asks again although a stop was asked for."""
    right = settle_starts.refusals
    _blind_to_stops()

    def wrong(run: Any, **facts: Any) -> Any:
        return tuple(each for each in right(run, **facts) if each.rule != "stop.requested")

    _replace("refusals", wrong, settle_starts)


@bug
def gate_skipped_on_reissue() -> None:
    """The settlement asks again without asking the gate."""
    _blind_to_stops()
    _replace("refusals", lambda run, **facts: (), settle_starts)


@bug
def call_before_commit() -> None:
    """AWS is asked inside the transaction that writes the intent."""
    right = start._write_intent

    def wrong(run: Any, fence: int, *rest: Any) -> Any:
        with transaction.atomic():
            intent = right(run, fence, *rest)
            if intent is not None:
                start.ask_engine(intent, fence, allowed_at=intent.asked_at, is_first=True)
                failpoint("start.before_record_commit")
            return None

    _replace("_write_intent", wrong, start)


@bug
def fence_ignored() -> None:
    """Whoever comes late writes as if nobody had taken over."""
    right = run_events.lock_run

    def wrong(run_id: object, *, fence: int | None = None) -> Any:
        return right(run_id)

    _replace("lock_run", wrong, run_events, start_steps, stop)


@bug
def gate_asked_too_early() -> None:
    """The gate is asked before the template is made, and its answer is kept for the slot."""
    right, prepare = start.refusals, start._prepare
    kept: dict[Any, Any] = {}

    def early(run: Any) -> Any:
        kept[run.pk] = right(run, now=start.database_now(), target_count=None)
        return prepare(run)

    def late(run: Any, **facts: Any) -> Any:
        said_then = [each for each in kept.get(run.pk, ()) if each.rule.startswith(CHANGES)]
        said_now = [each for each in right(run, **facts) if not each.rule.startswith(CHANGES)]
        return (*said_then, *said_now)

    _replace("_prepare", early, start)
    _replace("refusals", late, start)


@bug
def slept_through_a_stop() -> None:
    """A worker that slept between the gate and AWS does not look at the latch again, and what
    it finds out is written down as running."""
    _blind_to_stops()
    latch_ignored_when_found()


@bug
def approvals_ignored() -> None:
    """The gate does not ask for approvals."""
    _without("approval.", start, settle_starts)


@bug
def freeze_ignored() -> None:
    """The gate knows no freezes."""
    _without("freeze.", start, settle_starts)


@bug
def missed_slot_caught_up() -> None:
    """A slot that was missed is started later all the same."""
    _replace("_is_missed", lambda _: False, start)
    _without("run.missed", start, settle_starts)


def _without(rule: str, *modules: Any) -> None:
    right = start.refusals

    def wrong(run: Any, **facts: Any) -> Any:
        return tuple(each for each in right(run, **facts) if not each.rule.startswith(rule))

    _replace("refusals", wrong, *modules)


@bug
def latch_ignored_when_found() -> None:
    """A start that is found after a stop was asked for is taken as running."""
    right = start_steps.lock_run

    def wrong(run_id: object, *, fence: int | None = None) -> Any:
        run = right(run_id, fence=fence)
        run.stop_requested_at = None
        return run

    _replace("lock_run", wrong, start_steps)
    stop_not_redriven()


@bug
def stop_not_redriven() -> None:
    """A stop that AWS did not take is never asked for again."""
    _replace("_redrive_stops", lambda *_: None, observe)


def _blind_to_stops() -> None:
    right = start_steps.lock_free

    def wrong(run_id: Any, fence: int) -> Any:
        run = right(run_id, fence)
        run.stop_requested_at = None
        return run

    _replace("lock_free", wrong, start_steps)


@bug
def stop_without_latch() -> None:
    """A stop only asks AWS; what has not started yet is forgotten."""
    right = stop._latch

    def wrong(order: Any, actor: Any, run_id: object) -> Any:
        run = run_events.lock_run(run_id)
        return right(order, actor, run_id) if run.experiment_ref else run

    _replace("_latch", wrong, stop)


@bug
def adopt_ignored() -> None:
    """An experiment that is found by its tag is not taken over."""
    FisEngine.find = lambda *_: None
    _replace("reconcile", lambda *_, **__: None, observe)


@bug
def unknown_taken_for_failed() -> None:
    """No answer counts as: nothing happened."""
    right = FisEngine.start

    def wrong(self: Any, access: Any, order: Any) -> Any:
        try:
            return right(self, access, order)
        except EngineError as error:
            raise EngineError(str(error), outcome="none", retryable=False) from error

    FisEngine.start = wrong


@bug
def unknown_starts_over() -> None:
    """A start without an answer is written off at the first look that does not find it."""

    def wrong(run: Run, fence: int) -> None:
        start_steps.move_run(run, RunState.CANCELLED, text="never started", fence=fence)

    _replace("settle_again", wrong, settle_starts)


@bug
def intent_not_audited() -> None:
    """A start leaves no line in the audit trail."""
    _replace("record", lambda *_, **__: None, start)


@bug
def audit_skips_a_number() -> None:
    """The audit trail counts by twos."""
    entry: Any = AuditEntry
    right = entry.save

    def wrong(self: Any, *args: Any, **kwargs: Any) -> None:
        self.seq += 1
        right(self, *args, **kwargs)

    entry.save = wrong


@bug
def template_not_verified() -> None:
    """What the account holds is started unseen."""
    FisEngine.verify = lambda *_: None
    _replace("stop_by_rule", lambda *_, **__: False, observe)


@bug
def late_start_not_refused() -> None:
    """The session that starts has no end, so a worker that slept starts in a freeze."""
    start_steps.START_WITHIN = timedelta(days=1)
