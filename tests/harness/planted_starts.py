"""Mistakes around a start: asked twice, asked too late, asked although somebody was against it."""

from __future__ import annotations

import dataclasses
import uuid
from datetime import timedelta
from typing import Any, Final

from django.db import transaction

from exercises.domain.errors import EngineError, Refusal
from exercises.domain.run_states import RunState
from exercises.engines import fis
from exercises.failpoints import failpoint
from exercises.models import Run
from exercises.services import due_work as _due_work
from exercises.services import observe as _observe
from exercises.services import run_events as _run_events
from exercises.services import settle_starts as _settle_starts
from exercises.services import start as _start
from exercises.services import start_steps as _start_steps
from exercises.services import stop as _stop
from tests.harness.planted import bug, dies_at, goes_wrong, replace, sleeps_at
from tests.harness.steps import ALL, LOOK, SLOT, Step, taken_over

# What is replaced is not what these modules offer, so no type checker is to look at it.
due_work: Any = _due_work
observe: Any = _observe
run_events: Any = _run_events
settle_starts: Any = _settle_starts
start: Any = _start
start_steps: Any = _start_steps
stop: Any = _stop
FisEngine: Any = fis.FisEngine

CHANGES: Final = ("approval.", "freeze.")
"""Rules whose answer people change at any moment."""
NOT_ANSWERED: Final = goes_wrong("lose_response", "StartExperiment")
NOT_ARRIVED: Final = goes_wrong("lose_request", "StartExperiment")
DENIED: Final = goes_wrong("deny", "StartExperiment")
NOT_READY: Final = goes_wrong("fail", "CreateExperimentTemplate", 99)
LATER: Final = (Step("advance", 80.0), *LOOK[1:])
STOP: Final = Step("stop")
DECLINE: Final = Step("decline")
FREEZE: Final = Step("freeze", 3600.0)


@bug(NOT_ARRIVED, *SLOT, ALL, *LOOK)
def token_per_attempt() -> None:
    """Every attempt has a token of its own."""
    right, tried = FisEngine.start, [0]

    def wrong(self: Any, access: Any, order: Any) -> Any:
        tried[0] += 1
        return right(self, access, dataclasses.replace(order, token=f"{order.token}-{tried[0]}"))

    FisEngine.start = wrong


@bug(NOT_ARRIVED, *SLOT, ALL, *LOOK)
def token_dropped() -> None:
    """The token is left to boto3, which makes up another one each time."""
    right = FisEngine.start

    def wrong(self: Any, access: Any, order: Any) -> Any:
        return right(self, access, dataclasses.replace(order, token=str(uuid.uuid4())))

    FisEngine.start = wrong


@bug(*SLOT, ALL)
def tag_forgotten() -> None:
    """The experiment does not carry its run, so nobody finds it again."""
    right = FisEngine.start

    def wrong(self: Any, access: Any, order: Any) -> Any:
        return right(self, access, dataclasses.replace(order, run_id="unknown"))

    FisEngine.start = wrong


@bug(NOT_ARRIVED, *SLOT, ALL, STOP, *LOOK)
def reissue_after_stop() -> None:
    """The settlement asks again although a stop was asked for."""
    blind_to_stops()
    _without("stop.requested", settle_starts)


@bug(NOT_ARRIVED, *SLOT, ALL, DECLINE, *LOOK)
def gate_skipped_on_reissue() -> None:
    """The settlement asks again without asking the gate."""
    replace("refusals", lambda run, **facts: (), settle_starts)


@bug(*SLOT, dies_at("start.before_record_commit"))
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

    replace("_write_intent", wrong, start)


@bug(*SLOT, sleeps_at("start.before_send", *taken_over(16.0), DENIED))
def fence_ignored() -> None:
    """Whoever comes late writes as if nobody had taken over."""
    right = run_events.lock_run

    def wrong(run_id: object, *, fence: int | None = None) -> Any:
        return right(run_id)

    replace("lock_run", wrong, run_events, start_steps, stop)


@bug(*SLOT, sleeps_at("start.prepared", DECLINE))
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

    replace("_prepare", early, start)
    replace("refusals", late, start)


@bug(DECLINE, *SLOT, ALL)
def approvals_ignored() -> None:
    """The gate does not ask for approvals."""
    _without("approval.", start, settle_starts)


@bug(FREEZE, *SLOT, ALL)
def freeze_ignored() -> None:
    """The gate knows no freezes."""
    _without("freeze.", start, settle_starts)


@bug(
    goes_wrong("fail", "CreateExperimentTemplate", 99),
    *SLOT,
    ALL,
    *LATER * 4,
    Step("knobs_off"),
    *LOOK,
)
def missed_slot_caught_up() -> None:
    """A slot that was missed is started later all the same."""
    replace("_is_missed", lambda _: False, start)
    _without("run.missed", start, settle_starts)


@bug(Step("advance", 26.0), Step("tick"), ALL, scene="alone")
def slot_not_waited_for() -> None:
    """What is claimed ahead of its slot starts at once."""
    claim = due_work.claim
    replace("claim", lambda rows, ahead_s=0.0, **how: claim(rows, ahead_s=5.0, **how), due_work)
    replace("_wait_for_slot", lambda _: None, start)
    _without("run.not_due", start)


@bug(*SLOT, sleeps_at("start.before_send", Step("advance", 65.0)))
def late_start_not_refused() -> None:
    """The session that starts has no end, so a worker that slept starts much later."""
    start_steps.START_WITHIN = timedelta(days=1)


@bug(NOT_ANSWERED, *SLOT, ALL)
def unknown_taken_for_failed() -> None:
    """No answer counts as: nothing happened."""
    right = FisEngine.start

    def wrong(self: Any, access: Any, order: Any) -> Any:
        try:
            return right(self, access, order)
        except EngineError as error:
            raise EngineError(str(error), outcome="none", retryable=False) from error

    FisEngine.start = wrong


@bug(NOT_ANSWERED, *SLOT, ALL, goes_wrong("fail", "ListExperiments", 9), *LOOK)
def unknown_written_off() -> None:
    """A start without an answer is written off at the first look that does not find it."""

    def wrong(run: Run, fence: int) -> None:
        start_steps.move_run(run, RunState.CANCELLED, text="never started", fence=fence)

    replace("settle_again", wrong, settle_starts)


@bug(NOT_READY, *SLOT, ALL)
def postponed_for_good() -> None:
    """An account that is not ready once is never tried again."""

    def wrong(run: Any, fence: int, error: EngineError) -> None:
        start._skip(run, fence, (Refusal("engine.not_ready", str(error), ""),))

    replace("_postpone", wrong, start)


@bug(goes_wrong("change_template", "StartExperiment"), *SLOT, ALL)
def template_not_verified() -> None:
    """What the account holds is started unseen."""
    FisEngine.verify = lambda *_: None
    replace("stop_by_rule", lambda *_, **__: False, observe)


def _without(rule: str, *modules: Any) -> None:
    right = start.refusals

    def wrong(run: Any, **facts: Any) -> Any:
        return tuple(each for each in right(run, **facts) if not each.rule.startswith(rule))

    replace("refusals", wrong, *modules)


def blind_to_stops() -> None:
    """Whoever reads the run without its lock does not see that a stop was asked for."""
    right = start_steps.lock_free

    def wrong(run_id: Any, fence: int) -> Any:
        run = right(run_id, fence)
        run.stop_requested_at = None
        return run

    replace("lock_free", wrong, start_steps)
