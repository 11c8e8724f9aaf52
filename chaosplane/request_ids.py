"""One id for what one request does: in its log lines, in the tasks it wakes, in its answer.

The first middleware takes the id that a proxy or a client sent in X-Request-Id, or makes one.
A task carries on the id of the request that woke it; one that nobody's request woke has its own.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any, Final

from asgiref.sync import iscoroutinefunction
from celery.signals import before_task_publish, task_postrun, task_prerun
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

HEADER: Final = "X-Request-Id"
IN_MESSAGES: Final = "chaosplane_request_id"
_TAKEN: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")
"""What stands in a log line as it was sent; anything else is replaced, not refused."""

_current: ContextVar[str] = ContextVar("request_id", default="")


def current_request_id() -> str:
    """Of the request or task that runs; empty outside of both."""
    return _current.get()


@sync_and_async_middleware
def name_requests(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Puts `request.id` on each request and its header on each answer."""
    if iscoroutinefunction(get_response):

        async def ask_async(request: HttpRequest) -> Any:
            before = _current.set(_begin(request))
            try:
                pending: Awaitable[Any] = get_response(request)
                return _end(request, await pending)
            finally:
                _current.reset(before)

        return ask_async

    def ask(request: HttpRequest) -> Any:
        before = _current.set(_begin(request))
        try:
            return _end(request, get_response(request))
        finally:
            _current.reset(before)

    return ask


def _begin(request: HttpRequest) -> str:
    sent = request.headers.get(HEADER, "")
    named = sent if _TAKEN.fullmatch(sent) else uuid.uuid4().hex[:12]
    request.id = named  # type: ignore[attr-defined]
    return named


def _end(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    response[HEADER] = request.id  # type: ignore[attr-defined]
    return response


@before_task_publish.connect
def _send_along(headers: dict[str, Any], **more: Any) -> None:
    if named := _current.get():
        headers[IN_MESSAGES] = named


@task_prerun.connect
def _carry_on(task_id: str, task: Any, **more: Any) -> None:
    # A worker finds them among the fields of the message, a task run in place among its headers.
    along = task.request.get(IN_MESSAGES) or (task.request.headers or {}).get(IN_MESSAGES)
    _current.set(along or task_id)


@task_postrun.connect
def _forget(**more: Any) -> None:
    _current.set("")
