"""/metrics: the numbers of the installation for Prometheus, with a token of its own.

Without CHAOSPLANE_METRICS_TOKEN there is nothing at this address. health.py asks here, so that
it is answered by any host name as health is.
"""

from __future__ import annotations

import hmac
import logging
from dataclasses import asdict

import redis
from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from psycopg_pool import PoolTimeout

from exercises.domain.exposition import CONTENT_TYPE, Metric, Sample, exposition

log = logging.getLogger(__name__)


def metrics(request: HttpRequest) -> HttpResponse:
    if not settings.CHAOSPLANE_METRICS_TOKEN:
        return HttpResponse(status=404)
    if request.method not in ("GET", "HEAD"):
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
    if not _may_read(request):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    return HttpResponse(
        exposition([*_queue(), *_database()]),
        content_type=CONTENT_TYPE,
        headers={"Cache-Control": "no-store"},
    )


def _may_read(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    known = settings.CHAOSPLANE_METRICS_TOKEN.encode()
    return scheme.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), known)


def _database() -> list[Metric]:
    from exercises.models.due_work import database_now
    from exercises.queries.operations import operations

    try:
        found = operations(database_now())
    except (DatabaseError, PoolTimeout) as error:
        log.warning("metrics.database", extra={"why": str(error)})
        return [_up("database", is_up=False)]
    return [_up("database", is_up=True), *found]


def _queue() -> list[Metric]:
    from exercises.open_streams import open_streams
    from exercises.services import aws_calls

    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)
    try:
        length = client.llen(settings.CELERY_TASK_DEFAULT_QUEUE)
        streams = open_streams()
        aws_calls.pass_on()
        calls = aws_calls.all_calls()
    except (redis.RedisError, OSError) as error:
        log.warning("metrics.queue", extra={"why": str(error)})
        return [_up("queue", is_up=False)]
    finally:
        client.close()
    assert isinstance(length, int)
    return [
        _up("queue", is_up=True),
        _gauge("queue_messages", "Messages that no worker took yet.", length),
        Metric(
            "chaosplane_event_streams",
            "gauge",
            "Open streams of events: rooms, boards of game days, programs at the API.",
            [Sample(count, {"kind": kind}) for kind, count in streams.items()],
        ),
        Metric(
            "chaosplane_aws_calls_total",
            "counter",
            "Attempts to call AWS by how they ended; account own is what no role was taken on for.",
            [Sample(count, asdict(call)) for call, count in sorted(calls.items(), key=str)],
        ),
    ]


def _up(part: str, *, is_up: bool) -> Metric:
    return _gauge(f"{part}_up", f"1 when the {part} answers, as /readyz asks.", int(is_up))


def _gauge(name: str, words: str, value: int) -> Metric:
    return Metric(f"chaosplane_{name}", "gauge", words, [Sample(value)])
