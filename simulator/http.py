"""The little of HTTP that the doors share: bodies, forms, answers, and hanging up."""

from __future__ import annotations

import io
import json
import socket
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, NoReturn
from urllib.parse import parse_qs

from simulator.wire import Response

Environ = dict[str, Any]
Application = Callable[[Environ, Any], Iterable[bytes]]


def body_of(environ: Environ) -> bytes:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    content: bytes = environ["wsgi.input"].read(length) if length else b""
    return content


def form_of(environ: Environ) -> dict[str, str]:
    """The form of a query-protocol call, left in place for moto to read again."""
    body = body_of(environ)
    environ["wsgi.input"] = io.BytesIO(body)
    return {key: values[0] for key, values in parse_qs(body.decode()).items()}


def send(answer: Response, start_response: Any) -> Iterable[bytes]:
    headers = {
        "Content-Type": "application/json",
        **answer.headers,
        "Content-Length": str(len(answer.body)),
    }
    start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", list(headers.items()))
    return [answer.body]


def as_json(status: int, document: Any) -> Response:
    body = json.dumps(document, default=str).encode()
    return Response(status, {"Content-Type": "application/json"}, body)


def hang_up(environ: Environ) -> NoReturn:
    """Break the connection: the server hands us its socket, and takes the error for the end."""
    connection = environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionResetError("the simulator hung up")
