"""Messages that may be lost: wake a worker, tell the pages.

Truth is in PostgreSQL; a lost hint costs latency, never correctness. Services send hints
by task name and import no task, so there is no circle between services and tasks.
"""

from __future__ import annotations

import asyncio
import functools
import json
import logging
import time
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import redis
import redis.asyncio
from celery import current_app
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)

CHANNEL = "chaosplane:exercises"

QUIET_S = 5.0
"""How long nobody who waits for a page sends hints after the broker failed: one that hangs
costs a second for each line of the log, and a Stop of many runs writes many lines before it
reaches AWS."""

RECONNECT_S = 2.0
CANCEL_AGAIN_S = 0.5

_quiet_until = 0.0


def wake(task: str, *args: object) -> bool:
    """Ask a worker to look now. False when the broker did not take the message."""
    try:
        current_app.send_task(task, args=args, ignore_result=True, retry=False)
    except (OperationalError, OSError, redis.RedisError) as error:
        log.warning("hint.wake.lost", extra={"task": task, "error": str(error)})
        return False
    return True


def wake_once_committed(task: str) -> None:
    """Ask a worker to look as soon as this is committed, unless the broker just failed: who
    pressed Go would wait for it, and the next tick finds the work anyway."""
    transaction.on_commit(lambda: _is_quiet() or wake(task), robust=True)


def valkey() -> redis.Redis:
    """The one of this process; what hangs is given up after a second."""
    return _valkey(settings.REDIS_URL)


@functools.lru_cache(maxsize=1)
def _valkey(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)


def tell_pages(exercise_id: int) -> None:
    """Tell the live pages that something of this exercise changed, once it is committed."""
    # A lambda: Django names a robust hook that fails by __qualname__, which a partial lacks.
    transaction.on_commit(lambda: _publish(exercise_id), robust=True)


def _publish(exercise_id: int) -> None:
    global _quiet_until
    if _is_quiet():
        return
    try:
        valkey().publish(CHANNEL, json.dumps({"exercise": exercise_id}))
    except (redis.RedisError, OSError) as error:
        _quiet_until = time.monotonic() + QUIET_S
        log.warning("hint.pages.lost", extra={"error": str(error)})


def _is_quiet() -> bool:
    return time.monotonic() < _quiet_until


async def ended(task: asyncio.Task[None], *, again_s: float = 4 * CANCEL_AGAIN_S) -> None:
    """Cancel a task until it has ended: a client that is connecting may take one cancellation
    for a time-out of its own, and goes on. A task that ends another has longer than that one."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=again_s)


class Listener:
    """A subscription to what pages are told, for everything in a process that wants to know.

    It is there while somebody listens. Whoever listens also looks from time to time: without
    Valkey nothing is heard.
    """

    def __init__(self, redis_url: str) -> None:
        self._redis_url = redis_url
        self._ears: dict[object, Callable[[int], None]] = {}
        self._task: asyncio.Task[None] | None = None
        self.is_listening = asyncio.Event()

    @asynccontextmanager
    async def telling(self, hear: Callable[[int], None]) -> AsyncIterator[None]:
        """Call `hear` with the id of each exercise that changes, meanwhile."""
        key = object()
        self._ears[key] = hear
        if self._task is None:
            self._task = asyncio.create_task(self._listen())
        try:
            yield
        finally:
            del self._ears[key]
            if not self._ears and self._task is not None:
                task, self._task = self._task, None
                await ended(task, again_s=CANCEL_AGAIN_S)

    async def _listen(self) -> None:
        while True:
            client = redis.asyncio.Redis.from_url(self._redis_url)
            try:
                async with client.pubsub() as subscription:
                    await subscription.subscribe(CHANNEL)
                    self.is_listening.set()
                    async for message in subscription.listen():
                        if message["type"] == "message":
                            self._pass_on(message["data"])
            except (redis.RedisError, OSError) as error:
                log.warning("stream.hints.lost", extra={"error": str(error)})
            finally:
                self.is_listening.clear()
                await client.aclose()
            await asyncio.sleep(RECONNECT_S)

    def _pass_on(self, data: bytes) -> None:
        try:
            exercise_id = json.loads(data)["exercise"]
        except (ValueError, KeyError, TypeError):
            log.warning("stream.hint.unreadable")
            return
        for hear in tuple(self._ears.values()):
            hear(exercise_id)


_LISTENERS: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Listener] = (
    weakref.WeakKeyDictionary()
)


def listener() -> Listener:
    """The one of this process's event loop."""
    loop = asyncio.get_running_loop()
    return _LISTENERS.setdefault(loop, Listener(settings.REDIS_URL))
