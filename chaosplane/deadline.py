"""A page that does not come is answered all the same, with the way to Stop.

A database that hangs refuses nothing: whoever asked it waits, and so would the person with the
phone. Only reading has an end here. What somebody does may still happen after it, so that is
waited for; Stop has a short end of its own. asgi.py is the caller.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

from django.template.loader import render_to_string

from chaosplane.body_limit import App, Message, Receive, Send

log = logging.getLogger(__name__)

PATIENCE_S: Final = 30.0
"""Longer than the longest report takes, and than a full pool of connections is waited for."""
_LEFT: Final[set[asyncio.Task[None]]] = set()
"""Requests that were answered for and still hang: a task that nobody holds may be collected."""


def answered(app: App, *, within_s: float = PATIENCE_S) -> App:
    """The same application, whose pages begin to come within `within_s` seconds."""

    async def ask(scope: Any, receive: Receive, send: Send) -> None:
        if not _is_page(scope):
            await app(scope, receive, send)
            return
        begun = asyncio.get_running_loop().create_future()
        is_late = False

        async def pass_on(message: Message) -> None:
            if is_late:
                return
            if not begun.done():
                begun.set_result(None)
            await send(message)

        page = asyncio.ensure_future(app(scope, receive, pass_on))
        try:
            await asyncio.wait({page, begun}, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            page.cancel()
            raise
        if page.done() or begun.done():
            await page
            return
        is_late = True
        _LEFT.add(page)
        page.add_done_callback(_forget)
        await _say_late(scope, send, within_s)

    return ask


def _is_page(scope: Any) -> bool:
    if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
        return False
    return not scope["path"].startswith("/api/")


def _forget(page: asyncio.Task[None]) -> None:
    _LEFT.discard(page)
    if not page.cancelled() and (error := page.exception()) is not None:
        log.warning("page.failed_late", extra={"error": str(error)})


async def _say_late(scope: Any, send: Send, seconds: float) -> None:
    log.warning("page.late", extra={"path": scope["path"], "seconds": seconds})
    body = render_to_string("late.html", {"seconds": f"{seconds:g}"}).encode()
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"retry-after", b"30"),
    ]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
