"""Carries botocore's requests to the simulator in this process, without a socket.

What EC2 and CloudWatch answered is kept and given again while the instances are in the same
states: writing the same XML again would be most of the work.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError
from botocore.httpsession import URLLib3Session
from moto.ec2.models import ec2_backends
from moto.iam.models import get_account_id_from as account_of

from simulator.estate import REGION

Key = tuple[str, str, tuple[str, ...], bytes]
Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


KEPT: Final = re.compile(r"Credential=([^/]+)/\d{8}/[^/]+/(ec2|monitoring|iam|rds)/")
ACTION: Final = re.compile(rb"Action=(\w+)")
READS: Final = (b"Describe", b"List", b"GetRole")


class _Raw:
    """What AWSResponse reads a body from."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *args: object, **kwargs: object) -> Iterator[bytes]:
        yield self._body


def short_cut(application: Application, url: str) -> None:
    """From now on every client of this process that talks to `url` calls the application."""
    host = urlsplit(url).netloc
    kept: dict[Key, AWSResponse] = {}

    def send(session: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
        if urlsplit(request.url).netloc != host:
            raise PermissionError(f"the harness tried to reach {request.url}")
        environ = _environ(request)
        body = environ["wsgi.input"].getvalue()
        key = _key(environ, body)
        if key in kept:
            return kept[key]
        answered: dict[str, Any] = {}

        def start_response(status: str, headers: list[tuple[str, str]], *_: object) -> None:
            answered["status"] = int(status.split(" ", 1)[0])
            answered["headers"] = dict(headers)

        try:
            body = b"".join(application(environ, start_response))
        except ConnectionError as error:
            raise ConnectionClosedError(endpoint_url=request.url) from error
        answer = AWSResponse(request.url, answered["status"], answered["headers"], _Raw(body))
        if key is not None:
            kept[key] = answer
        return answer

    session: Any = URLLib3Session
    session.send = send


def _key(environ: Mapping[str, Any], body: bytes) -> Key | None:
    """What was asked of whom, for questions whose answer is kept."""
    scope = KEPT.search(environ.get("HTTP_AUTHORIZATION", ""))
    if scope is None or not _action(environ, body).startswith(READS):
        return None
    account = account_of(scope[1])
    return account, scope[2], _states(account), body


def _states(account: str) -> tuple[str, ...]:
    return tuple(
        instance._state.name
        for reservation in ec2_backends[account][REGION].reservations.values()
        for instance in reservation.instances
    )


def _action(environ: Mapping[str, Any], body: bytes) -> bytes:
    target = environ.get("HTTP_X_AMZ_TARGET", "").encode().rpartition(b".")[2]
    found = ACTION.search(body)
    return target or (found[1] if found else b"")


def _environ(request: AWSPreparedRequest) -> dict[str, Any]:
    url = urlsplit(request.url)
    body: Any = request.body or b""
    if hasattr(body, "read"):
        body = body.read()
    if isinstance(body, str):
        body = body.encode()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(url.path) or "/",
        "RAW_URI": url.path or "/",
        "QUERY_STRING": url.query,
        "SERVER_NAME": url.hostname,
        "SERVER_PORT": str(url.port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_HOST": url.netloc,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    headers: Any = request.headers
    for name, value in headers.items():
        text = bytes(value).decode() if isinstance(value, bytes) else str(value)
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = text
    return environ
