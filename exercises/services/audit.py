"""The audit trail: written by every use case, last in its transaction.

The chain needs one writer at a time; the advisory lock is held to the end of the
transaction, so nothing slow may follow a `record`.
"""

from __future__ import annotations

from django.db import connection, models
from django.db.models import Max

from exercises.domain import audit_chain
from exercises.domain.actors import Actor
from exercises.models.audit import AuditEntry
from exercises.models.due_work import database_now

CHAIN_LOCK = 0x63686169  # any constant; it names the chain among advisory locks


def record(actor: Actor, action: str, thing: models.Model, **details: object) -> AuditEntry:
    """Append one act to the chain. Call it last, inside the transaction of the act."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CHAIN_LOCK])
    seq = (AuditEntry.objects.aggregate(last=Max("seq"))["last"] or 0) + 1
    previous = audit_chain.GENESIS
    if seq > 1:
        previous = AuditEntry.objects.values_list("hash", flat=True).get(seq=seq - 1)
    entry = AuditEntry(
        seq=seq,
        at=database_now(),
        actor_id=actor.user_id,
        actor_name=actor.name,
        door=actor.door.value,
        action=action,
        object_type=thing._meta.model_name or "",
        object_id=str(thing.pk),
        details=details,
        previous_hash=previous,
    )
    entry.hash = audit_chain.link(previous, payload_of(entry))
    entry.save()
    return entry


def payload_of(entry: AuditEntry) -> dict[str, object]:
    """What the hash of an entry covers: all of it but the hashes."""
    return {
        "seq": entry.seq,
        "at": entry.at.isoformat(),
        "actor_id": entry.actor_id,
        "actor_name": entry.actor_name,
        "door": entry.door,
        "action": entry.action,
        "object_type": entry.object_type,
        "object_id": entry.object_id,
        "details": entry.details,
    }
