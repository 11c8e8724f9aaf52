"""/healthz, /readyz and /metrics: for load balancers, orchestrators, monitoring and the demo.

`healthz` says that the process answers; `readyz` that it can work: database and queue reachable.
Load balancers ask by address, over plain HTTP and without a session, so all are answered in a
middleware, before anything that looks at the host, the scheme or the person.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import redis
from asgiref.sync import iscoroutinefunction, sync_to_async
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import sync_and_async_middleware
from psycopg_pool import PoolTimeout

from chaosplane.metrics import metrics

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


ANSWERS: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "/healthz": healthz,
    "/readyz": readyz,
    "/metrics": metrics,
}


@sync_and_async_middleware
def answer_health(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    if iscoroutinefunction(get_response):

        async def ask_async(request: HttpRequest) -> Any:
            if answer := ANSWERS.get(request.path):
                return await sync_to_async(answer)(request)
            pending: Awaitable[Any] = get_response(request)
            return await pending

        return ask_async

    def ask(request: HttpRequest) -> Any:
        answer = ANSWERS.get(request.path)
        return answer(request) if answer else get_response(request)

    return ask
