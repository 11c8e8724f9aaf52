"""The audit trail as one reads it: narrowed by who, what, thing and time, newest first.

Used by the page, the CSV export and the API. Who may read it is for the caller to ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final

from django.db.models import Q, QuerySet

from exercises.domain.audit_chain import is_mark
from exercises.models import AuditEntry, AuditName

LONGEST: Final = 100
CHUNK: Final = 2000
FORGOTTEN: Final = "a person who was forgotten"
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


class Names:
    """Who the marks of some entries stand for, read once."""

    def __init__(self, rows: Iterable[AuditEntry]) -> None:
        marks = {
            text
            for row in rows
            for text in (row.actor_name, *row.details.values())
            if is_mark(text)
        }
        self._known = {
            row.mark: row.name or FORGOTTEN for row in AuditName.objects.filter(mark__in=marks)
        }

    def of(self, text: str) -> str:
        """The name; what is no mark is itself."""
        return self._known.get(text, text)

    def details(self, entry: AuditEntry) -> dict[str, Any]:
        """The details with names for marks."""
        return {
            name: self._known.get(value, value) if is_mark(value) else value
            for name, value in entry.details.items()
        }


def marks_in(entry: AuditEntry) -> list[str]:
    """Every mark of a person in an entry."""
    return [text for text in (entry.actor_name, *entry.details.values()) if is_mark(text)]


def entries(wanted: AuditFilter) -> QuerySet[AuditEntry]:
    """The entries that fit, newest first."""
    rows = AuditEntry.objects.order_by("-seq")
    if wanted.who:
        rows = by_name(rows, wanted.who)
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


def by_name(rows: QuerySet[AuditEntry], who: str) -> QuerySet[AuditEntry]:
    """The entries of everybody whose name holds this."""
    marks = AuditName.objects.filter(name__icontains=who).values("mark")
    return rows.filter(Q(actor_name__in=marks) | Q(actor_name__icontains=who))


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
    yield [*COLUMNS, "actor_mark"]
    for batch in batched(entries(wanted).order_by("seq").iterator(chunk_size=CHUNK), CHUNK):
        names = Names(batch)
        for entry in batch:
            shown = {"actor_name": names.of(entry.actor_name), "details": names.details(entry)}
            yield [
                *(shown.get(column, getattr(entry, column)) for column in COLUMNS),
                entry.actor_name if is_mark(entry.actor_name) else "",
            ]


def batched(rows: Iterator[AuditEntry], size: int) -> Iterator[list[AuditEntry]]:
    """Lists of at most this many."""
    while batch := list(islice(rows, size)):
        yield batch
