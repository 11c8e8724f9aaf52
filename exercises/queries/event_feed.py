"""The lines of every event log as one row of numbers, for programs that follow along."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from exercises.domain.actors import Actor
from exercises.domain.settled_ids import Seen
from exercises.models import Exercise, RunEvent

_SEEN = """
    SELECT coalesce((SELECT max(id) FROM exercises_runevent), 0),
           pg_snapshot_xmin(now)::text::bigint, pg_snapshot_xmax(now)::text::bigint
    FROM pg_current_snapshot() AS now
"""


def seen_now() -> Seen:
    """The newest line and the transactions under way, in one snapshot."""
    with connection.cursor() as cursor:
        cursor.execute(_SEEN)
        return Seen(*cursor.fetchone())


def newest_event() -> int:
    return RunEvent.objects.order_by("-id").values_list("id", flat=True).first() or 0


def events_between(actor: Actor, *, after: int, through: int, at_most: int) -> Sequence[RunEvent]:
    """The oldest lines beyond `after` of exercises that this actor may see."""
    rows = RunEvent.objects.filter(id__gt=after, id__lte=through)
    seen = rows.filter(exercise__in=Exercise.objects.visible_to(actor))
    return list(seen.select_related("exercise").order_by("id")[:at_most])
