"""Stop within five seconds, whatever is down: journal, AWS, and the database if it can.

For people and programs whose stop capability says what they may stop; web.stop_now and
api.stop_without_database call it. The database is told in a thread, because a hung server
answers nothing and ends nothing. What it could not be told, the sentinel tells it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError, connection
from psycopg_pool import PoolTimeout

from exercises.domain.plans import AccountAccess
from exercises.queries.stop_target import target_of
from exercises.services.stop import (
    begin,
    journal,
    lever_reason,
    note_lever,
    note_receipts,
    write_down,
)
from exercises.stopping import stopper
from exercises.stopping.capability import Capability
from exercises.stopping.journal import Entry
from exercises.stopping.orders import Receipt, Scope, StopOrder, StopTarget
from exercises.stopping.targets import LiveExercise, Stoppable, read_targets

log = logging.getLogger(__name__)

ANSWER_S: Final = 4.6
"""All of it; the rest of five seconds is for the way there and back."""
AWS_S: Final = 3.2
DATABASE_S: Final = 0.8
SEARCH_S: Final = 0.7
_MOST_WAITING: Final = 8

NOTHING_FOUND: Final = (
    "AWS runs nothing of it, and the database, which knows what is planned, does not answer. The"
    " stop is written down: what it names does not start once the database is back."
)

_telling = threading.BoundedSemaphore(_MOST_WAITING)
"""A hung server must not collect a thread for each click."""
_asking = threading.BoundedSemaphore(_MOST_WAITING)
"""For the question whether it is there: who waits for AWS meanwhile says nothing about that."""


@dataclass(frozen=True, slots=True)
class StopResult:
    """What is known at the end of the request. `problems` are places that could not be
    searched, levers that are not confirmed, and that nobody could say what was meant."""

    order: StopOrder
    receipts: Sequence[Receipt]
    problems: Sequence[str]
    is_told: bool

    @property
    def is_accepted(self) -> bool:
        return not self.problems and all(receipt.is_accepted for receipt in self.receipts)


def known_targets() -> Stoppable:
    """What the sentinel wrote down last."""
    return read_targets(Path(settings.CHAOSPLANE_STOP_JOURNAL))


def refusal_of(holder: Capability, known: Stoppable, scope: Scope, what: str) -> str:
    """Why this holder may not stop this; empty when allowed. What nobody knows is allowed:
    a wrong stop costs less than a refused one."""
    if scope is Scope.REGION:
        if not holder.may_stop_accounts:
            return (
                "A whole account is stopped by operators and owners of a team, programme leads"
                " and safety officers."
            )
        if what not in {f"{place.account_id}/{place.region}" for place in known.places}:
            return f"No account and Region {what} is registered here."
        return ""
    exercise = exercise_of(known, scope, what)
    if exercise is not None and not holder.covers(exercise):
        return "This experiment belongs to another team: ask its members or a safety officer."
    return ""


def exercise_of(known: Stoppable, scope: Scope, what: str) -> LiveExercise | None:
    """The exercise that is asked about, as far as it is known without the database."""
    if scope is Scope.RUN:
        target = known.target_of_run(what)
        return known.exercise(target.exercise) if target else None
    return known.exercise(what)


def keep_refusal(*, who: str, what: str, because: str) -> None:
    """On disk and in the log: somebody was not let stop something."""
    log.warning("stop.refused", extra={"who": who, "what": what, "why": because})
    try:
        journal().refuse(who=who, what=what, because=because)
    except OSError:
        log.exception("stop.refusal.not_kept")


def stop_now(order: StopOrder, known: Stoppable, *, began: float | None = None) -> StopResult:
    """Carry out a stop. Never raises for what is down.

    `began` is when the request came (time.monotonic), where time has passed since.
    """
    end = (time.monotonic() if began is None else began) + ANSWER_S
    targets = known.covered_by(order)
    entry = write_down(order, targets)
    telling = _Telling(order, entry)
    levers, problems = _engage(order, known, entry)
    receipts = stopper.stop(targets, patience_s=AWS_S)
    if entry:
        entry.add_receipts(receipts)
    telling.go_on(receipts, levers)
    is_told = telling.wait(max(0.0, min(DATABASE_S, end - time.monotonic())))
    receipts += telling.more
    if known.problem and not is_told:
        problems = [*problems, known.problem]
    is_whole = order.scope is Scope.RUN and bool(receipts)  # a run has one experiment
    if not is_told and not is_whole:
        left_s = max(0.0, end - time.monotonic()) / 2
        more, unsearched = _search(order, known.places, receipts, entry, min(SEARCH_S, left_s))
        receipts, problems = receipts + more, problems + unsearched
    if not receipts and not is_told and _is_unknown(order, known):
        problems = [*problems, NOTHING_FOUND]
    return StopResult(order, receipts, problems, is_told)


def _is_unknown(order: StopOrder, known: Stoppable) -> bool:
    """It may be planned, or mistyped."""
    is_region = order.scope is Scope.REGION
    return not is_region and exercise_of(known, order.scope, order.what) is None


def database_answers(within_s: float = DATABASE_S) -> bool:
    """Whether the database is there to be asked."""
    answered = threading.Event()

    def ask() -> None:
        with _bounded_database():
            answered.set()

    ends_at = time.monotonic() + within_s
    if not _in_background(ask, _asking, patience_s=within_s):
        return False
    return answered.wait(max(0.0, ends_at - time.monotonic()))


def _engage(
    order: StopOrder, known: Stoppable, entry: Entry | None
) -> tuple[dict[str, str], list[str]]:
    if order.scope is not Scope.REGION:
        return {}, []
    places = [p for p in known.places if f"{p.account_id}/{p.region}" == order.what]
    told = stopper.engage_levers(places, lever_reason(order), patience_s=AWS_S / 2)
    for status, _ in told.values():
        if entry:
            entry.set_lever(status)
    confirmed = {"/".join(place): status for place, (status, _) in told.items() if status}
    return confirmed, [problem for _, problem in told.values() if problem]


def _search(
    order: StopOrder,
    places: Sequence[AccountAccess],
    receipts: Sequence[Receipt],
    entry: Entry | None,
    patience_s: float,
) -> tuple[list[Receipt], list[str]]:
    """Without the database nobody knows what started a moment ago: ask AWS by our tag."""
    found, problems = stopper.discover(places, patience_s=patience_s)
    asked = {receipt.target.ref for receipt in receipts}
    new = [target for target in found if order.covers(target) and target.ref not in asked]
    if entry:
        entry.add_targets(new)
    more = stopper.stop(new, patience_s=patience_s)
    if entry:
        entry.add_receipts(more)
    return more, problems


@dataclass
class _Telling:
    """The database's part of one stop, in a thread of its own: first nothing more starts,
    then, when AWS has answered, what AWS said."""

    order: StopOrder
    entry: Entry | None
    more: list[Receipt] = field(default_factory=list)
    """Receipts of experiments that only the database knew."""

    def __post_init__(self) -> None:
        self._answered, self._told = threading.Event(), threading.Event()
        self._receipts: Sequence[Receipt] = ()
        self._levers: dict[str, str] = {}
        self._is_running = _in_background(self._tell, _telling)

    def go_on(self, receipts: Sequence[Receipt], levers: dict[str, str]) -> None:
        self._receipts, self._levers = receipts, levers
        self._answered.set()

    def wait(self, seconds: float) -> bool:
        return self._is_running and self._told.wait(seconds)

    def _tell(self) -> None:
        with _bounded_database():
            runs = begin(self.order)
            self._answered.wait(AWS_S * 2)
            asked = {receipt.target.ref for receipt in self._receipts}
            targets = [target for run in runs if (target := target_of(run)) is not None]
            new = [target for target in targets if target.ref not in asked]
            self.more = self._ask(new)
            for status in self._levers.values():
                note_lever(self.order, status)
            note_receipts([*self._receipts, *self.more])
            if self.entry:
                self.entry.mark_told()
            self._told.set()

    def _ask(self, new: Sequence[StopTarget]) -> list[Receipt]:
        if self.entry:
            self.entry.add_targets(new)
        receipts = stopper.stop(new, patience_s=AWS_S)
        if self.entry:
            self.entry.add_receipts(receipts)
        return receipts


def _in_background(
    work: Callable[[], None], places: threading.BoundedSemaphore, *, patience_s: float = 0.0
) -> bool:
    """Start a thread, unless too many wait for the database already."""
    if not places.acquire(timeout=patience_s):
        log.warning("stop.database.too_many_wait")
        return False

    def run() -> None:
        try:
            work()
        except (DatabaseError, PoolTimeout, ObjectDoesNotExist) as error:
            log.warning("stop.database.not_told", extra={"why": str(error)})
        finally:
            places.release()

    threading.Thread(target=run, daemon=True).start()
    return True


@contextmanager
def _bounded_database() -> Iterator[None]:
    """The connection of this thread with short limits on locks and statements; the pool
    gets it back without them."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '500ms'; SET statement_timeout = '1s'")
        yield
    finally:
        with suppress(DatabaseError, PoolTimeout), connection.cursor() as cursor:
            # What cannot be asked any more is thrown away by the pool.
            cursor.execute("RESET lock_timeout; RESET statement_timeout")
        connection.close()
