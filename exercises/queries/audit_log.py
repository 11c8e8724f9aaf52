"""The audit trail as one reads it: narrowed by who, what, thing and time, newest first.

Used by the page, the CSV export and the API. Who may read it is for the caller to ask.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import QuerySet

from exercises.models import AuditEntry

LONGEST: Final = 100
COLUMNS: Final = (
    "seq", "at", "actor_id", "actor_name", "door", "action", "object_type", "object_id",
    "details", "previous_hash", "hash",
)  # fmt: skip


@dataclass(frozen=True)
class AuditFilter:
    """Empty means all. `action` is the beginning of one: "run." is everything of runs."""

    who: str = ""
    action: str = ""
    object_type: str = ""
    object_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


def entries(wanted: AuditFilter) -> QuerySet[AuditEntry]:
    """The entries that fit, newest first."""
    rows = AuditEntry.objects.order_by("-seq")
    if wanted.who:
        rows = rows.filter(actor_name__icontains=wanted.who)
    if wanted.action:
        rows = rows.filter(action__startswith=wanted.action)
    if wanted.object_type:
        rows = rows.filter(object_type=wanted.object_type)
    if wanted.object_id:
        rows = rows.filter(object_id=wanted.object_id)
    if wanted.since:
        rows = rows.filter(at__gte=wanted.since)
    if wanted.until:
        rows = rows.filter(at__lt=wanted.until)
    return rows


def object_types() -> list[str]:
    """The kinds of things that were acted on."""
    return list(
        AuditEntry.objects.order_by("object_type").values_list("object_type", flat=True).distinct()
    )


def actions() -> list[str]:
    """Everything that was done at least once."""
    return list(AuditEntry.objects.order_by("action").values_list("action", flat=True).distinct())


def lines(wanted: AuditFilter) -> Iterator[list[Any]]:
    """The header and a line for each entry, oldest first, in constant memory."""
    yield list(COLUMNS)
    for entry in entries(wanted).order_by("seq").iterator(chunk_size=2000):
        yield [getattr(entry, name) for name in COLUMNS]
