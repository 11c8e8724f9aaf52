"""Requests that a caller may send twice and have carried out once.

draft-ietf-httpapi-idempotency-key-header: a key that is being carried out is a conflict, a key
of another request is an error, a key that was answered is answered again. Called by api.once.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction

from exercises.domain.errors import Conflict, Invalid
from exercises.models import KeptAnswer
from exercises.models.due_work import database_now

KEPT_FOR: Final = timedelta(days=1)
ANSWERED_WITHIN: Final = timedelta(minutes=2)
"""Longer than any request takes: after that its process has died."""


def begin_once(*, user_id: int, key: str, fingerprint: str) -> tuple[KeptAnswer, bool]:
    """The row of this key, and whether it is new: then the caller carries the request out.

    Raises Invalid (the key belongs to another request), Conflict (it is being carried out,
    or nobody knows how it ended).
    """
    now = database_now()
    KeptAnswer.objects.filter(user_id=user_id, begun_at__lt=now - KEPT_FOR).delete()
    try:
        with transaction.atomic():
            kept = KeptAnswer.objects.create(
                user_id=user_id, key=key, fingerprint=fingerprint, begun_at=now
            )
        return kept, True
    except IntegrityError:
        kept = KeptAnswer.objects.get(user_id=user_id, key=key)
    if kept.fingerprint != fingerprint:
        raise Invalid("Idempotency-Key", "was used for another request within the last 24 hours")
    if kept.status is None:
        if now - kept.begun_at < ANSWERED_WITHIN:
            raise Conflict("The request with this Idempotency-Key is still being carried out.")
        raise Conflict(
            "The answer to the request with this Idempotency-Key was lost. Look whether it was"
            " carried out before you send it with another key."
        )
    return kept, False


def keep_answer(kept: KeptAnswer, *, status: int, body: Any) -> None:
    """Keep what was answered. What failed on our side or AWS's is forgotten, to be tried again."""
    if status >= 500:
        kept.delete()
        return
    kept.status, kept.body = status, body
    kept.save(update_fields=["status", "body"])
