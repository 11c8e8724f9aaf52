"""Tell the database of stops that happened while it was away, and close what is done.

Called by the sentinel and by `manage.py import_stops`.
"""

from __future__ import annotations

import logging

from django.core.exceptions import ObjectDoesNotExist, ValidationError

from exercises.services.stop import begin, note_lever, note_receipts, runs_of
from exercises.stopping.journal import Entry
from exercises.stopping.orders import Receipt

log = logging.getLogger(__name__)


def tell(entry: Entry) -> bool:
    """Write one stop into the database, as often as it takes; returns whether it knows the
    run or exercise. Raises DatabaseError."""
    try:
        begin(entry.order)
        note_receipts(_receipts(entry))
        if entry.lever:
            note_lever(entry.order, entry.lever)
    except (ObjectDoesNotExist, ValidationError):
        # A run that no row knows: of another installation, or typed wrongly.
        log.warning("stop.unknown", extra={"order": entry.order.id, "what": entry.order.what})
        entry.mark_told()
        return False
    entry.mark_told()
    return True


def is_settled(entry: Entry) -> bool:
    """Every experiment was seen to have ended, and the database has no run left that the
    order reaches: nothing remains to be done. Raises DatabaseError."""
    if not entry.is_told or entry.open_targets():
        return False
    try:
        return not runs_of(entry.order).unfinished().exists()
    except (ObjectDoesNotExist, ValidationError):
        return True


def _receipts(entry: Entry) -> list[Receipt]:
    return [
        Receipt(
            target,
            ref in entry.status,
            entry.status.get(ref, ""),
            entry.problems.get(ref, "AWS accepted the stop."),
        )
        for ref, target in entry.targets.items()
        if ref in entry.status or ref in entry.problems
    ]
