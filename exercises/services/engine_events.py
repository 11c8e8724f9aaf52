"""Hear of a state change from EventBridge, by way of SQS, before the next look is due.

For Regions that name a queue; the sentinel is the caller. A message only says "look now":
one that is lost, doubled, forged or about another experiment changes nothing else.
"""

from __future__ import annotations

import logging
import threading
from typing import Final

from django.db import DatabaseError, connection
from psycopg_pool import PoolTimeout

from exercises.aws.queue import delete, receive
from exercises.domain.engine_events import state_change
from exercises.domain.errors import EngineError
from exercises.domain.plans import AccountAccess
from exercises.models import AccountRegion, Run
from exercises.models.due_work import database_now

log = logging.getLogger(__name__)

PAUSE_S: Final = 10.0
"""After a queue could not be read: looks go on without it."""

Queue = tuple[int, str, AccountAccess]


def hear(place: AccountRegion) -> bool:
    """Wait for the next messages of a Region's queue and take them off it.

    Whether one was about an experiment that we watch, which is then looked at at once.
    Raises EngineError.
    """
    messages = receive(place.access, place.event_queue_url)
    said = filter(None, (state_change(message.body) for message in messages))
    here = (place.account.account_id, place.region)
    refs = {each.ref for each in said if (each.account_id, each.region) == here}
    ours = Run.objects.watched().filter(
        experiment_ref__in=refs, experiment__deployment__place=place
    )
    is_ours = bool(refs) and ours.exists()
    if is_ours:
        now = database_now()
        AccountRegion.objects.filter(pk=place.pk, due_at__gt=now).update(due_at=now)
    if messages:
        delete(place.access, place.event_queue_url, messages)
    return is_ours


class Ears:
    """A thread for each queue, so that a slow one delays no other."""

    def __init__(self) -> None:
        self._listening: dict[Queue, threading.Event] = {}

    def cycle(self) -> None:
        """Begin with queues that were added, and end with those that were taken away."""
        places = AccountRegion.objects.exclude(event_queue_url="").select_related("account")
        wanted = {(place.pk, place.event_queue_url, place.access): place for place in places}
        for queue in self._listening.keys() - wanted.keys():
            self._listening.pop(queue).set()
        for queue in wanted.keys() - self._listening.keys():
            is_over = self._listening[queue] = threading.Event()
            threading.Thread(
                target=_listen, args=(wanted[queue], is_over), name="events", daemon=True
            ).start()

    def close(self) -> None:
        """Listen no more."""
        for is_over in self._listening.values():
            is_over.set()
        self._listening.clear()


def _listen(place: AccountRegion, is_over: threading.Event) -> None:
    while not is_over.is_set():
        try:
            hear(place)
        except (EngineError, DatabaseError, PoolTimeout) as error:
            log.warning("events.not_heard", extra={"place": str(place), "why": str(error)})
            is_over.wait(PAUSE_S)
        except Exception:
            # A hint is not worth a thread that is gone for ever.
            log.exception("events.failed", extra={"place": str(place)})
            is_over.wait(PAUSE_S)
        finally:
            connection.close()
