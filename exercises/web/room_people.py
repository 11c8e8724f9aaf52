"""How many people look at a room: those with an open stream, counted over all processes.

Each stream says again and again that somebody is here; who does not is gone after a while, so
a process that dies takes nobody's place. Without Valkey nobody knows, and the room says nothing.
Called by the stream, the hub and the page of the room.
"""

from __future__ import annotations

import functools
import logging
import time
from typing import Final, Literal, cast

import redis
from django.conf import settings

log = logging.getLogger(__name__)

PRESENT_S: Final = 45.0
"""How long one word of a stream counts: three times KEEP_ALIVE_S of the stream."""


def here(exercise_id: int, user_id: int, stream: str) -> None:
    """This person has this stream open now."""
    key, until = _key(exercise_id), time.time() + PRESENT_S
    try:
        with _redis(settings.REDIS_URL).pipeline(transaction=True) as pipe:
            pipe.zadd(key, {f"{user_id}:{stream}": until})
            pipe.expireat(key, int(until) + 1)
            pipe.execute()
    except (redis.RedisError, OSError) as error:
        log.warning("room.people.lost", extra={"error": str(error)})


def left(exercise_id: int, user_id: int, stream: str) -> None:
    """This stream is closed; another one of the same person may be open still."""
    try:
        _redis(settings.REDIS_URL).zrem(_key(exercise_id), f"{user_id}:{stream}")
    except (redis.RedisError, OSError) as error:
        log.warning("room.people.lost", extra={"error": str(error)})


def people_in(exercise_id: int) -> frozenset[int] | None:
    """The ids of the people in the room; None when that is not known."""
    try:
        found = _redis(settings.REDIS_URL).zrangebyscore(_key(exercise_id), time.time(), "+inf")
    except (redis.RedisError, OSError) as error:
        log.warning("room.people.lost", extra={"error": str(error)})
        return None
    return frozenset(int(member.split(b":", 1)[0]) for member in cast("list[bytes]", found))


def open_streams() -> int:
    """How many streams of rooms are open, over all processes. Raises RedisError."""
    client, now = _redis(settings.REDIS_URL), time.time()
    keys = client.scan_iter(match=_key("*"), count=1000)
    return sum(int(client.zcount(key, now, "+inf")) for key in keys)


def _key(exercise_id: int | Literal["*"]) -> str:
    return f"chaosplane:room:{exercise_id}"


@functools.lru_cache(maxsize=1)
def _redis(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)
