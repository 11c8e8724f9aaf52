"""Notice that the database went back to an earlier time, and keep starts closed until a person
has seen to it.

The sentinel keeps, beside the stop journal, the newest entry of the audit trail that it has
ever seen. A database that does not hold it any more was restored from a backup, or lost what
it had committed. What had started since is found in AWS by its tags (services.reconcile);
what had been stopped since is in the stop journal and told again.
"""

from __future__ import annotations

import json
import logging
from datetime import datetime
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction

from exercises.domain.actors import Actor
from exercises.domain.audit_chain import GENESIS
from exercises.domain.errors import Refusal, Refused
from exercises.models import AccountRegion, AuditEntry, Recovery
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.queries.watching import not_looked_at
from exercises.services.audit import record
from exercises.services.audit_verification import Head
from exercises.services.stop import journal
from exercises.services.stop_records import tell
from exercises.services.system import SYSTEM
from exercises.stopping.whole_file import write_whole

log = logging.getLogger(__name__)

FILE: Final = "newest-entry.json"


def look_back() -> Recovery | None:
    """Compare the database with what was seen of it before; the recovery that this begins.

    Raises OSError when the folder of the stop journal cannot be written.
    """
    last = AuditEntry.objects.order_by("-seq").first()
    head = Head(last.seq, last.hash) if last else Head(0, GENESIS)
    path = Path(settings.CHAOSPLANE_STOP_JOURNAL) / FILE
    seen = _read(path)
    if seen == head:
        return None
    begun = None
    if seen is not None and not _holds(seen):
        because = f"Its audit trail ends at entry {head.seq}, and entry {seen.seq} was seen here."
        if head.seq >= seen.seq:
            because = f"Entry {seen.seq} of its audit trail is not the one that was seen here."
        begun = _begin(because, since=last.at if last else None)
    write_whole(path, {"seq": head.seq, "hash": head.hash})
    return begun


def confirm_recovery(*, actor: Actor, recovery: Recovery) -> Recovery:
    """Let starts go on. Raises NotAllowed, and Refused while a Region was not looked at yet.

    A Region that cannot be looked at does not hold it up: the gate stays closed there.
    """
    authorize(actor, "recovery.confirm", recovery)
    with transaction.atomic():
        locked = Recovery.objects.select_for_update(no_key=True).get(pk=recovery.pk)
        if locked.confirmed_at is not None:
            return locked
        waiting = not_looked_at()
        if waiting:
            raise Refused(
                Refusal(
                    "recovery.not_looked_at",
                    f"Not looked at yet: {', '.join(map(str, waiting))}.",
                    "Wait for the look at each, or put right what keeps it from being made.",
                )
            )
        locked.confirmed_at, locked.confirmed_by_id = database_now(), actor.person_id
        locked.save(update_fields=["confirmed_at", "confirmed_by"])
        record(actor, "recovery.confirm", locked)
        return locked


def _holds(seen: Head) -> bool:
    return seen.seq == 0 or AuditEntry.objects.filter(seq=seen.seq, hash=seen.hash).exists()


def _begin(because: str, *, since: datetime | None) -> Recovery | None:
    """Close every start, have every Region looked at anew, and tell of the stops since then."""
    try:
        with transaction.atomic():
            now = database_now()
            recovery = Recovery.objects.create(detected_at=now, because=because)
            AccountRegion.objects.update(scanned_at=None, due_at=now)
            record(SYSTEM, "recovery.begin", recovery, because=because)
    except IntegrityError:  # another sentinel has seen it too
        recovery = None
    for entry in journal().told_since(since):
        tell(entry)
    log.error("database.went_back", extra={"why": because})
    return recovery


def _read(path: Path) -> Head | None:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return Head(int(told["seq"]), str(told["hash"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        log.warning("recovery.unreadable", extra={"file": str(path)})
        return None
