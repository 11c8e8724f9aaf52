"""/healthz and /readyz: for load balancers, orchestrators and the demo's supervisor.

`healthz` says that the process answers; `readyz` that it can work: database and queue reachable.
"""

from __future__ import annotations

import logging

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from psycopg_pool import PoolTimeout

log = logging.getLogger(__name__)


def healthz(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"status": "alive"})


def readyz(request: HttpRequest) -> HttpResponse:
    parts = {"database": _database_answers(), "queue": _queue_answers()}
    ready = all(parts.values())
    return JsonResponse(
        {"status": "ready" if ready else "not ready", **parts}, status=200 if ready else 503
    )


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, PoolTimeout) as error:
        log.warning("ready.database", extra={"why": str(error)})
        return False
    return True


def _queue_answers() -> bool:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)
    try:
        client.ping()
    except (redis.RedisError, OSError) as error:
        log.warning("ready.queue", extra={"why": str(error)})
        return False
    finally:
        client.close()
    return True
