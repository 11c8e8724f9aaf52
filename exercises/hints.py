"""Messages that may be lost: wake a worker, tell the pages.

Truth is in PostgreSQL; a lost hint costs latency, never correctness. Services send hints
by task name and import no task, so there is no circle between services and tasks.
"""

from __future__ import annotations

import functools
import json
import logging
import time

import redis
from celery import current_app
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)

CHANNEL = "chaosplane:exercises"

QUIET_S = 5.0
"""How long pages are told nothing after the broker failed: one that hangs costs a second for
each line of the log, and a Stop of many runs writes many lines before it reaches AWS."""

_quiet_until = 0.0


def wake(task: str, *args: object) -> bool:
    """Ask a worker to look now. False when the broker did not take the message."""
    try:
        current_app.send_task(task, args=args, ignore_result=True, retry=False)
    except (OperationalError, OSError, redis.RedisError) as error:
        log.warning("hint.wake.lost", extra={"task": task, "error": str(error)})
        return False
    return True


@functools.lru_cache(maxsize=1)
def _redis(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)


def tell_pages(exercise_id: int) -> None:
    """Tell the live pages that something of this exercise changed, once it is committed."""
    # A lambda: Django names a robust hook that fails by __qualname__, which a partial lacks.
    transaction.on_commit(lambda: _publish(exercise_id), robust=True)


def _publish(exercise_id: int) -> None:
    global _quiet_until
    if time.monotonic() < _quiet_until:
        return
    try:
        _redis(settings.REDIS_URL).publish(CHANNEL, json.dumps({"exercise": exercise_id}))
    except (redis.RedisError, OSError) as error:
        _quiet_until = time.monotonic() + QUIET_S
        log.warning("hint.pages.lost", extra={"error": str(error)})
