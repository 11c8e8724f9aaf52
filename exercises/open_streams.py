"""How many streams of events are open, over all processes. Called by whatever streams.

Each stream says again and again that it is there; one that does not is gone after a while, so
a process that dies leaves nothing behind. Without Valkey nobody knows.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final, Literal
from uuid import uuid4

import redis
from asgiref.sync import sync_to_async

from exercises.hints import valkey

log = logging.getLogger(__name__)

SAY_EVERY_S: Final = 15.0
PRESENT_S: Final = 3 * SAY_EVERY_S
"""How long one word of a stream counts."""

Kind = Literal["room", "board", "api"]
KINDS: Final[tuple[Kind, ...]] = ("room", "board", "api")


@asynccontextmanager
async def counted(kind: Kind) -> AsyncIterator[None]:
    """Count one more stream of this kind meanwhile."""
    async with said_again(functools.partial(_here, kind), functools.partial(_left, kind)):
        yield


@asynccontextmanager
async def said_again(
    here: Callable[[str], None], left: Callable[[str], None]
) -> AsyncIterator[None]:
    """Say `here` at once and every SAY_EVERY_S, and `left` at the end, each with one new name."""
    stream = uuid4().hex

    async def keep_saying() -> None:
        while True:
            await asyncio.sleep(SAY_EVERY_S)
            await sync_to_async(here, thread_sensitive=False)(stream)

    await sync_to_async(here, thread_sensitive=False)(stream)
    saying = asyncio.create_task(keep_saying())
    try:
        yield
    finally:
        saying.cancel()
        await asyncio.wait({saying})
        await sync_to_async(left, thread_sensitive=False)(stream)


def open_streams() -> Mapping[Kind, int]:
    """How many streams of each kind are open. Raises RedisError."""
    client, now = valkey(), time.time()
    return {kind: int(client.zcount(_key(kind), now, "+inf")) for kind in KINDS}


def _here(kind: Kind, stream: str) -> None:
    key, now = _key(kind), time.time()
    try:
        with valkey().pipeline(transaction=True) as pipe:
            pipe.zremrangebyscore(key, "-inf", now)
            pipe.zadd(key, {stream: now + PRESENT_S})
            pipe.expireat(key, int(now + PRESENT_S) + 1)
            pipe.execute()
    except (redis.RedisError, OSError) as error:
        log.warning("stream.count.lost", extra={"error": str(error)})


def _left(kind: Kind, stream: str) -> None:
    try:
        valkey().zrem(_key(kind), stream)
    except (redis.RedisError, OSError) as error:
        log.warning("stream.count.lost", extra={"error": str(error)})


def _key(kind: Kind) -> str:
    return f"chaosplane:streams:{kind}"
