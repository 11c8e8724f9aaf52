"""Is the audit trail whole, and does it still hold every head that was anchored outside?

The chain shows any change of an entry. Only an anchor kept elsewhere shows that entries at
the end were cut off or that all of it was written anew. `manage.py audit_verify` calls this.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from exercises.domain import audit_chain
from exercises.domain.errors import Invalid
from exercises.models.audit import AuditEntry, AuditName
from exercises.models.due_work import database_now
from exercises.queries.audit_log import marks_in
from exercises.services.audit import payload_of


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry at some time: how many there were, and the hash of all of them."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Report:
    """What was found. `broken_at` is the first entry that does not fit its predecessor."""

    head: Head
    broken_at: int | None
    lost_anchors: tuple[Head, ...]

    @property
    def is_whole(self) -> bool:
        return self.broken_at is None and not self.lost_anchors


def verify(anchors: tuple[Head, ...] = ()) -> Report:
    """Walk the whole chain once, in memory for the names alone. A name that was put in place
    of another shows like any other change; one that was taken away is no change."""
    wanted = {anchor.seq: anchor for anchor in anchors}
    previous, seq = audit_chain.GENESIS, 0
    found: set[int] = set()
    known = _names()
    for entry in AuditEntry.objects.order_by("seq").iterator(chunk_size=2000):
        fits = (
            entry.seq == seq + 1
            and entry.previous_hash == previous
            and entry.hash == audit_chain.link(previous, payload_of(entry))
            and all(known.get(mark, False) for mark in marks_in(entry))
        )
        if not fits:
            return Report(Head(seq, previous), seq + 1, _lost(anchors, found))
        previous, seq = entry.hash, entry.seq
        if seq in wanted and wanted[seq].hash == previous:
            found.add(seq)
    return Report(Head(seq, previous), None, _lost(anchors, found))


def _names() -> dict[str, bool]:
    """Every mark, and whether its name is the one it was made of, or was taken away."""
    return {
        row.mark: not row.salt or audit_chain.mark_of(row.name, row.salt) == row.mark
        for row in AuditName.objects.iterator(chunk_size=2000)
    }


def _lost(anchors: tuple[Head, ...], found: set[int]) -> tuple[Head, ...]:
    return tuple(anchor for anchor in anchors if anchor.seq not in found)


def read_anchors(path: Path) -> tuple[Head, ...]:
    """The heads kept in a file, a JSON line each. Raises Invalid that names the line."""
    return tuple(_heads(path)) if path.exists() else ()


def _heads(path: Path) -> Iterator[Head]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            row = json.loads(line)
            yield Head(int(row["seq"]), str(row["hash"]))
        except (ValueError, KeyError, TypeError) as error:
            raise Invalid("anchor", f"line {number} of {path} is not an anchor") from error


def write_anchor(path: Path, head: Head) -> None:
    """Add the head to the file. Keep the file where the database's users cannot write."""
    row = {"seq": head.seq, "hash": head.hash, "at": database_now().isoformat()}
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
