"""How many people look at a room: those with an open stream, counted over all processes.

Each stream says again and again that somebody is here; who does not is gone after a while, so
a process that dies takes nobody's place. Without Valkey nobody knows, and the room says nothing.
Called by the stream, the hub and the page of the room.
"""

from __future__ import annotations

import logging
import time
from typing import cast

import redis

from exercises.hints import valkey
from exercises.open_streams import PRESENT_S

log = logging.getLogger(__name__)


def here(exercise_id: int, user_id: int, stream: str) -> None:
    """This person has this stream open now."""
    key, until = _key(exercise_id), time.time() + PRESENT_S
    try:
        with valkey().pipeline(transaction=True) as pipe:
            pipe.zadd(key, {f"{user_id}:{stream}": until})
            pipe.expireat(key, int(until) + 1)
            pipe.execute()
    except (redis.RedisError, OSError) as error:
        log.warning("room.people.lost", extra={"error": str(error)})


def left(exercise_id: int, user_id: int, stream: str) -> None:
    """This stream is closed; another one of the same person may be open still."""
    try:
        valkey().zrem(_key(exercise_id), f"{user_id}:{stream}")
    except (redis.RedisError, OSError) as error:
        log.warning("room.people.lost", extra={"error": str(error)})


def people_in(exercise_id: int) -> frozenset[int] | None:
    """The ids of the people in the room; None when that is not known."""
    try:
        found = valkey().zrangebyscore(_key(exercise_id), time.time(), "+inf")
    except (redis.RedisError, OSError) as error:
        log.warning("room.people.lost", extra={"error": str(error)})
        return None
    return frozenset(int(member.split(b":", 1)[0]) for member in cast("list[bytes]", found))


def _key(exercise_id: int) -> str:
    return f"chaosplane:room:{exercise_id}"
