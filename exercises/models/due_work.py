"""Work that must happen at a time: due_at, a lease and a fence, and how a worker claims it.

A claimed row is leased, not locked: the transaction ends before any call to AWS. Every
later write names the fence it was claimed with, so a worker that slept through its lease
changes nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypeVar

from django.db import connection, models, transaction
from django.db.models import F, Q

from exercises.models.base import Record

LEASE_S = 60

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


def claim(
    rows: models.QuerySet[W], *, ahead_s: float = 0.0, limit: int = 100, lease_s: int = LEASE_S
) -> list[W]:
    """Claim what is due now or within `ahead_s` seconds, oldest first.

    SKIP LOCKED lets any number of workers claim side by side and never the same row
    (PostgreSQL manual, "The Locking Clause").
    """
    with transaction.atomic():
        now = database_now()
        due = list(
            rows.filter(due_at__lte=now + timedelta(seconds=ahead_s))
            .filter(Q(lease_until__isnull=True) | Q(lease_until__lt=now))
            .order_by("due_at", "pk")
            .select_for_update(skip_locked=True, of=("self",), no_key=True)[:limit]
        )
        rows.model._default_manager.filter(pk__in=[row.pk for row in due]).update(
            lease_until=now + timedelta(seconds=lease_s), fence=F("fence") + 1
        )
        for row in due:
            row.lease_until = now + timedelta(seconds=lease_s)
            row.fence += 1
        return due
