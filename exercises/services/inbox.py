"""A person's own notices: read, and acknowledged."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from exercises.domain.actors import Actor
from exercises.domain.errors import Conflict, NotAllowed
from exercises.models import Notice
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.services.audit import record


def mark_read(*, actor: Actor, notices: Sequence[int] | None = None) -> int:
    """Mark these notices of the actor, or all of them, as read; return how many were new.

    Raises NotAllowed (a token without the scope write)."""
    authorize(actor, "notice.own")
    mine = Notice.objects.filter(person=actor.person_id, read_at__isnull=True)
    if notices is not None:
        mine = mine.filter(pk__in=notices)
    return mine.update(read_at=database_now())


def acknowledge_notice(*, actor: Actor, notice: Notice) -> Notice:
    """Say that one has taken note. Saying it twice is once. Raises NotAllowed (somebody
    else's), Conflict (nobody asked)."""
    if notice.person_id != actor.person_id:
        raise NotAllowed("Only the person who was told acknowledges it.")
    with transaction.atomic():
        locked = (
            Notice.objects.select_for_update(of=("self",), no_key=True)
            .select_related("announcement")
            .get(pk=notice.pk)
        )
        if not locked.asks_for_word:
            raise Conflict("this notice asks for no acknowledgement")
        if locked.acknowledged_at is not None:
            return locked
        locked.acknowledged_at = database_now()
        locked.read_at = locked.read_at or locked.acknowledged_at
        locked.save(update_fields=["acknowledged_at", "read_at"])
        record(actor, "notice.acknowledge", locked, topic=locked.announcement.topic)
    return locked
