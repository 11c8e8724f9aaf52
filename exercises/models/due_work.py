"""Work that must happen at a time: due_at, a lease and a fence, and how a worker claims it.

A claimed row is leased, not locked: the transaction ends before any call to AWS. Every
later write names the fence it was claimed with, so a worker that slept through its lease
changes nothing. Leases are short, so that what a broker lost or a dead worker held is soon
taken up by another; whoever carries work out keeps its lease alive meanwhile.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final, TypeVar

from django.db import DatabaseError, connection, models, transaction
from django.db.models import F, Q
from psycopg_pool import PoolTimeout

from exercises.models.base import Record

log = logging.getLogger(__name__)

LEASE_S: Final = 15
"""How long work waits for another worker when the one who claimed it is gone."""

RENEW_EVERY_S: Final = 4.0

MAX_AHEAD_S = 5.0
"""How long before its time a row may be claimed: no longer than a worker waits for a slot."""


class DueWork(Record):
    """Columns of a row that is due at a time. due_at NULL means nothing is due."""

    due_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.BigIntegerField(default=0)

    class Meta:
        abstract = True


W = TypeVar("W", bound=DueWork)


def database_now() -> datetime:
    """The one clock that decides. Workers' own clocks may differ."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
        return now


def due_by(now: datetime, rows: models.QuerySet[W], *, ahead_s: float = 0.0) -> models.QuerySet[W]:
    """Those that are due by `ahead_s` seconds after `now` and that nobody holds."""
    return rows.filter(
        Q(lease_until__isnull=True) | Q(lease_until__lt=now),
        due_at__lte=now + timedelta(seconds=ahead_s),
    )


def claim(rows: models.QuerySet[W], *, ahead_s: float = 0.0, limit: int = 100) -> list[W]:
    """Claim what is due now or within `ahead_s` seconds, oldest first.

    SKIP LOCKED lets any number of workers claim side by side and never the same row
    (PostgreSQL manual, "The Locking Clause").
    """
    with transaction.atomic():
        now = database_now()
        due = list(
            due_by(now, rows, ahead_s=ahead_s)
            .order_by("due_at", "pk")
            .select_for_update(skip_locked=True, of=("self",), no_key=True)[:limit]
        )
        rows.model._default_manager.filter(pk__in=[row.pk for row in due]).update(
            lease_until=now + timedelta(seconds=LEASE_S), fence=F("fence") + 1
        )
        for row in due:
            row.lease_until = now + timedelta(seconds=LEASE_S)
            row.fence += 1
        return due


@contextmanager
def kept(rows: type[DueWork], pk: object, fence: int) -> Iterator[None]:
    """Keep the lease of a claimed row alive inside, however long AWS takes to answer.

    A thread renews it, and dies with the process: a worker that is killed or paused lets go.
    What the work itself released, or another has claimed, is left alone.
    """
    is_over = threading.Event()
    threading.Thread(
        target=_renew, args=(rows, pk, fence, is_over), name="lease", daemon=True
    ).start()
    try:
        yield
    finally:
        is_over.set()


def _renew(rows: type[DueWork], pk: object, fence: int, is_over: threading.Event) -> None:
    while not is_over.wait(RENEW_EVERY_S):
        try:
            mine = rows._default_manager.filter(pk=pk, fence=fence, lease_until__isnull=False)
            if not mine.update(lease_until=database_now() + timedelta(seconds=LEASE_S)):
                return
        except (DatabaseError, PoolTimeout) as error:
            log.warning("lease.not_renewed", extra={"row": str(pk), "why": str(error)})
        finally:
            connection.close()
