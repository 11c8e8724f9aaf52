"""The audit trail: written by every use case, last in its transaction.

The chain needs one writer at a time; the advisory lock is held to the end of the
transaction, so nothing slow may follow a `record`.

The chain holds no person's name, only a mark (domain.audit_chain); the name lives in one row
of AuditName, from where it can be taken away without breaking the chain.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.db import connection, models, transaction
from django.db.models import Max

from exercises.domain import audit_chain
from exercises.domain.actors import Actor
from exercises.models.audit import AuditEntry, AuditName
from exercises.models.due_work import database_now

CHAIN_LOCK = 0x63686169  # any constant; it names the chain among advisory locks


@dataclass(frozen=True, slots=True)
class Personal:
    """A value of the details that names somebody: an e-mail, an address of the network."""

    text: str


_Waiting = list[tuple[Actor, str, models.Model, dict[str, object]]]
_waiting: ContextVar[_Waiting | None] = ContextVar("waiting", default=None)


@contextmanager
def kept_to_the_end() -> Iterator[None]:
    """What is recorded within is appended when it ends: a stop waits for whoever has appended,
    so nothing slow may follow. Nothing is appended when it raises or is taken back."""
    waiting: _Waiting = []
    token = _waiting.set(waiting)
    try:
        yield
    finally:
        _waiting.reset(token)
    if transaction.get_rollback():
        return
    for actor, action, thing, details in waiting:
        _append(actor, action, thing, details)


def record(actor: Actor, action: str, thing: models.Model, **details: object) -> None:
    """Append one act to the chain. Call it last, inside the transaction of the act."""
    waiting = _waiting.get()
    if waiting is None:
        _append(actor, action, thing, details)
    else:
        waiting.append((actor, action, thing, details))


def _append(actor: Actor, action: str, thing: models.Model, details: dict[str, object]) -> None:
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
        actor_name=actor.name if actor.is_system else _mark(actor.name, actor.user_id),
        door=actor.door.value,
        action=action,
        object_type=thing._meta.model_name or "",
        object_id=str(thing.pk),
        details={
            name: _mark(value.text, actor.user_id) if isinstance(value, Personal) else value
            for name, value in details.items()
        },
        previous_hash=previous,
    )
    entry.hash = audit_chain.link(previous, payload_of(entry))
    entry.save(force_insert=True)


def _mark(name: str, person_id: int | None) -> str:
    """The mark of a name, the same for the same person until they are forgotten."""
    if not name:
        return ""
    known = AuditName.objects.filter(name=name, person_id=person_id).first()
    if known is not None:
        return known.mark
    salt = secrets.token_hex(16)
    mark = audit_chain.mark_of(name, salt)
    AuditName.objects.create(mark=mark, person_id=person_id, salt=salt, name=name)
    return mark


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
