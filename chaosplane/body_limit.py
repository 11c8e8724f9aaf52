"""No request has a body beyond the limit: it is refused before it is read, or while it comes.

An ASGI server hands a body on as it arrives and Django keeps all of it before it looks at
anything, so the limit stands in front of Django. asgi.py is the caller.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Final

MAX_BYTES: Final = 8 * 1024 * 1024
"""Four times the largest file that may be attached; JSON has a limit of its own."""

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Any, Receive, Send], Coroutine[Any, Any, None]]


class _TooLarge(Exception):
    """Ends a request whose body turned out to be longer than it may be."""


def limited(app: App, *, most: int = MAX_BYTES) -> App:
    """The same application, which never sees more than `most` bytes of a body."""

    async def ask(scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        if _declared(scope) > most:
            await _refuse(send, most)
            return
        try:
            await app(scope, _counted(receive, most), send)
        except _TooLarge:
            # Django answers nothing before it has the whole body.
            await _refuse(send, most)

    return ask


def _declared(scope: Message) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


def _counted(receive: Receive, most: int) -> Receive:
    seen = 0

    async def receive_on() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise _TooLarge
        return message

    return receive_on


async def _refuse(send: Send, most: int) -> None:
    body = json.dumps(
        {
            "type": "about:blank",
            "title": "The body is too large",
            "status": 413,
            "detail": f"body: at most {most:,} bytes",
            "code": "too_large",
        }
    ).encode()
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        # What is still to come is not read, so nothing else can come on this connection.
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})
