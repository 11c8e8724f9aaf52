"""The sentinel: what must go on when the rest of the product does not.

Two loops that do not wait for each other. `StopDriver` needs AWS and the local journal:
every stop is asked again until AWS is seen to have ended it. `Watch` needs the
database: it tells it of stops, writes down what a stop needs to know, does the due work
itself while Celery is silent, and beats the heartbeat while chaosplane can see and stop.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from django.db import InterfaceError, OperationalError, close_old_connections, connection
from psycopg_pool import PoolTimeout

from exercises.aws.alarms import alarm_states
from exercises.aws.heartbeat import beat
from exercises.domain.errors import Conflict, EngineError
from exercises.domain.plans import AccountAccess
from exercises.models import AccountRegion, SignOfLife
from exercises.models.due_work import database_now
from exercises.queries.plans import planned_wall
from exercises.services.debrief import open_due_debriefs
from exercises.services.due_work import SETTLE, START, claim_due
from exercises.services.editions import materialise_editions
from exercises.services.freeze_sources import refresh_source
from exercises.services.game_ledger import score_due_rounds
from exercises.services.observe import observe_region
from exercises.services.preflight import repeat_check
from exercises.services.recovery import look_back
from exercises.services.settle_starts import settle_start
from exercises.services.start import start_run
from exercises.services.stop import journal, lever_reason
from exercises.services.stop_now import known_targets
from exercises.services.stop_records import is_settled, tell
from exercises.services.stop_targets import write_down_targets, write_down_tokens
from exercises.stopping import stopper
from exercises.stopping.everywhere import ask_everywhere
from exercises.stopping.journal import Entry
from exercises.stopping.orders import Scope

log = logging.getLogger(__name__)

SILENT_AFTER_S: Final = 10.0
"""Celery has missed ten ticks: the sentinel does what is due."""
SEARCH_EVERY_S: Final = 5.0
EXPIRE_EVERY_S: Final = 15.0
"""What AWS does not end itself is ended this late at most, when all else is silent."""
HANDS: Final = 8
FRESH_S: Final = 90.0
"""Three idle observations: an older one does not show that anybody watches."""
BEAT_EVERY_S: Final = 20.0
"""Planned seconds between two heartbeats; the alarm looks at whole minutes."""


class StopDriver:
    """Drives every stop of the journal until its experiments were seen to have ended."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._searched: dict[str, float] = {}
        self._expired_at = float("-inf")

    def cycle(self) -> int:
        """One look at every stop under way; returns how many there are. Faults that outlive
        their time are ended here, too: it may be that nobody else is left to do it."""
        self._expire()
        entries = journal().under_way()
        for entry in entries:
            self._engage(entry)
            self._search(entry)
            entry.add_receipts(stopper.look(entry.open_targets()))
        self._searched = {e.order.id: self._searched.get(e.order.id, 0.0) for e in entries}
        return len(entries)

    def _expire(self) -> None:
        now = self._clock()
        if now - self._expired_at < EXPIRE_EVERY_S:
            return
        self._expired_at = now
        for problem in stopper.expire(known_targets().places):
            log.warning("sentinel.expire", extra={"why": problem})

    def _engage(self, entry: Entry) -> None:
        if entry.order.scope is not Scope.REGION or entry.lever or entry.order.door == "cli":
            return
        places = [p for p in known_targets().places if _what(p) == entry.order.what]
        for status, _ in stopper.engage_levers(places, lever_reason(entry.order)).values():
            entry.set_lever(status)

    def _search(self, entry: Entry) -> None:
        """What started while the stop was on its way carries our tag."""
        now = self._clock()
        if now - self._searched.get(entry.order.id, -SEARCH_EVERY_S) < SEARCH_EVERY_S:
            return
        self._searched[entry.order.id] = now
        found, problems = stopper.discover(known_targets().places)
        for problem in problems:
            log.warning("sentinel.search", extra={"order": entry.order.id, "why": problem})
        covered = [target for target in found if entry.order.covers(target)]
        entry.add_receipts(stopper.stop(entry.add_targets(covered)))


class Watch:
    """The part of the sentinel that needs the database."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._beaten_at = float("-inf")
        self._hands = ThreadPoolExecutor(max_workers=HANDS, thread_name_prefix="due-work")
        self._under_way: list[Future[None]] = []

    def cycle(self) -> None:
        """One look; raises DatabaseError when the database is away."""
        look_back()
        write_down_targets()
        write_down_tokens()
        for entry in journal().under_way():
            _bring_up_to_date(entry)
        if celery_is_silent():
            self._work_off()
        self._beat()
        journal().forget_old(datetime.now(UTC))

    def _work_off(self) -> None:
        """What the tick and its workers would do. Leases keep the two from doing it twice.

        Not waited for: AWS may be slow, and the heartbeat goes on. Nothing is claimed before
        there is a hand for it.
        """
        self._under_way = [work for work in self._under_way if not work.done()]
        free = HANDS - len(self._under_way)
        if free:
            self._under_way += [self._hands.submit(_carry_out, each) for each in _claimed(free)]
        open_due_debriefs()
        score_due_rounds()

    def _beat(self) -> None:
        every_s = planned_wall(BEAT_EVERY_S).total_seconds()
        if self._clock() - self._beaten_at < every_s:
            return
        self._beaten_at = self._clock()
        ask_everywhere([[place] for place in _watched_places()], _beat_once, patience_s=3.0)


def _bring_up_to_date(entry: Entry) -> None:
    """Tell the database of a stop and put it away when it is done. One that the database does
    not take keeps neither the other stops nor the heartbeat from going on."""
    try:
        if not entry.is_told:
            tell(entry)
        if is_settled(entry):
            entry.close()
    except (OperationalError, InterfaceError, PoolTimeout):
        raise  # the database is away, for all of them
    except Exception:
        log.exception("sentinel.stop.not_told", extra={"order": entry.order.id})


def celery_is_silent() -> bool:
    """Whether no tick was carried out for a while, or ever."""
    seen = SignOfLife.objects.filter(name="tick").values_list("at", flat=True).first()
    return seen is None or database_now() - seen > timedelta(seconds=SILENT_AFTER_S)


def _what(place: AccountAccess) -> str:
    return f"{place.account_id}/{place.region}"


_WORK: Final[Mapping[str, Callable[[Any], object]]] = {
    START: lambda run: start_run(run_id=str(run.pk), fence=run.fence),
    SETTLE: lambda run: settle_start(run_id=str(run.pk), fence=run.fence),
    "exercises.observe_region": lambda p: observe_region(region_id=p.pk, fence=p.fence),
    "exercises.materialise_editions": lambda s: materialise_editions(
        schedule_id=s.pk, fence=s.fence
    ),
    "exercises.repeat_check": lambda check: repeat_check(check_id=check.pk, fence=check.fence),
    # A freeze that is only in a calendar elsewhere has to hold a start all the same.
    "exercises.refresh_freezes": lambda s: refresh_source(source_id=s.pk, fence=s.fence),
}
"""What must go on without Celery. Telling people waits for it: a slow mail server would take
the hands that starts need."""


def _claimed(most: int) -> list[Callable[[], object]]:
    due = claim_due(ahead_s=2.0, most=most, tasks=_WORK.keys())
    return [partial(_WORK[task], row) for task, row in due]


def _carry_out(work: Callable[[], object]) -> None:
    close_old_connections()
    try:
        work()
    except Conflict as conflict:
        log.info("sentinel.superseded", extra={"why": str(conflict)})
    except Exception:
        # One piece of work must not keep the others from being done; its lease brings it back.
        log.exception("sentinel.due_work")
    finally:
        connection.close()


def _watched_places() -> Sequence[AccountAccess]:
    """Where experiments are watched: observed lately, and nothing here could not be read."""
    fresh = AccountRegion.objects.filter(
        scanned_at__gte=database_now() - timedelta(seconds=FRESH_S), is_blind=False
    )
    return [place.access for place in fresh.select_related("account")]


def _beat_once(place: AccountAccess) -> None:
    try:
        beat(place)
    except EngineError as error:
        log.warning("sentinel.heartbeat", extra={"place": _what(place), "why": str(error)})


def beat_until_seen(place: AccountRegion) -> None:
    """Send one heartbeat and wait up to five seconds until its alarm is OK.

    For whoever checks an account before the sentinel has watched it, as the demo does. Raises
    EngineError when the alarm does not see the beat."""
    beat(place.access)
    for _ in range(50):
        told = alarm_states(place.access, [place.heartbeat_alarm_arn])
        if all(alarm.state == "OK" for alarm in told):
            return
        time.sleep(0.1)
    raise EngineError(
        "The heartbeat's alarm does not see the beat.", outcome="none", retryable=True
    )
