"""How many requests a token may send in a minute, counted in Valkey by all servers together.

A stop is never counted and never refused, and without Valkey nothing is.
"""

from __future__ import annotations

import functools
import logging
import time
from typing import TYPE_CHECKING

import redis
from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from exercises.api import once
from exercises.api.authentication import counted_as, credential_of

if TYPE_CHECKING:
    from rest_framework.views import APIView  # which reads the settings that name this module

log = logging.getLogger(__name__)

WINDOW_S = 60
TIMEOUT_S = 0.25
QUIET_S = 5.0
"""How long nothing is counted after Valkey failed: one that hangs costs every request TIMEOUT_S."""

_quiet_until = 0.0


class TokenRate(BaseThrottle):
    """For all of the API, by the settings. Sessions are people and are not counted."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        most = settings.CHAOSPLANE_API_RATE
        is_stop = request.method == "POST" and getattr(view, "action", "") == once.STOP
        credential = credential_of(request)
        if is_stop or not most or credential is None:
            return True
        self._now = _now()
        return _counted(counted_as(credential), int(self._now // WINDOW_S)) <= most

    def wait(self) -> float:
        """Until the next minute begins; at least a second, because less is not said."""
        return max(1.0, WINDOW_S - self._now % WINDOW_S)


def _counted(who: str, window: int) -> int:
    """How many there were in this minute, with this one; 0 when nobody counts."""
    global _quiet_until
    if time.monotonic() < _quiet_until:
        return 0
    key = f"chaosplane:api-rate:{who}:{window}"
    try:
        with _redis(settings.REDIS_URL).pipeline(transaction=False) as asked:
            asked.incr(key)
            asked.expire(key, 2 * WINDOW_S)
            count, _ = asked.execute()
    except (redis.RedisError, OSError) as error:
        _quiet_until = time.monotonic() + QUIET_S
        log.warning("api.rate.not_counted", extra={"error": str(error)})
        return 0
    return int(count)


def _now() -> float:
    """The servers' clocks agree well enough for a minute."""
    return time.time()


@functools.lru_cache(maxsize=1)
def _redis(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S)
