"""One question to one address within bounds: time, size and what it unfolds to.

The caller has decided that the address may be reached; the connection goes to that address
and to no other, whatever its name leads to by then (DNS rebinding). Used by
channels.safe_fetch for the public internet and by probes for hosts of one's own.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

from exercises.domain.errors import EngineError, Invalid

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_CHUNK: Final = 64 * 1024


def resolve(host: str, port: int) -> Sequence[Address]:
    """Every address of a name. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(str(sockaddr[0]).partition("%")[0]) for *_, sockaddr in found]


@dataclass(frozen=True, slots=True)
class Destination:
    """Where to: the checked address, and the name it is spoken to by. `path` has the query."""

    scheme: str
    host: str
    port: int
    address: Address
    path: str


@dataclass(frozen=True, slots=True)
class Bounds:
    """What an answer may take. `seconds` count from the first step to the last byte."""

    seconds: float
    size: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `content` is empty where it was not wanted; names are lower-case."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    took_s: float


def ask(
    to: Destination,
    *,
    bounds: Bounds,
    headers: Mapping[str, str],
    wants_content: Callable[[int], bool] = lambda status: True,
    context: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    body: bytes | None = None,
) -> Answer:
    """GET, or POST where there is a body. Raises EngineError (not reached, too slow, cut
    short) and Invalid (too large)."""
    began = time.monotonic()
    until = began + bounds.seconds
    connection = http.client.HTTPConnection(to.host, to.port, timeout=bounds.seconds)
    try:
        with _connected(to, bounds, context) as sock, _until(until, sock):
            if isinstance(sock, ssl.SSLSocket):
                sock.do_handshake()
            connection.sock = sock
            method = "GET" if body is None else "POST"
            connection.request(method, to.path, body=body, headers=_request_headers(to, headers))
            response = connection.getresponse()
            wanted = wants_content(response.status)
            content = _read(response, until, bounds) if wanted else b""
            names = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, names, content, time.monotonic() - began)
    except (OSError, http.client.HTTPException) as error:
        if time.monotonic() >= until:
            raise _too_slow(bounds) from error
        raise failed(f"{to.host} did not answer: {_words(error)}") from error
    finally:
        connection.close()


def _request_headers(to: Destination, headers: Mapping[str, str]) -> dict[str, str]:
    host = f"[{to.host}]" if ":" in to.host else to.host
    is_usual = to.port == {"https": 443, "http": 80}[to.scheme]
    return {
        "Host": host if is_usual else f"{host}:{to.port}",
        "Accept-Encoding": "identity",
        "User-Agent": "chaosplane",
        **headers,
    }


def _connected(
    to: Destination, bounds: Bounds, context: Callable[[], ssl.SSLContext]
) -> socket.socket:
    """A socket to the checked address that will speak to the host by its name."""
    plain = socket.create_connection((str(to.address), to.port), timeout=bounds.seconds)
    if to.scheme != "https":
        return plain
    try:
        return context().wrap_socket(plain, server_hostname=to.host, do_handshake_on_connect=False)
    except BaseException:
        plain.close()
        raise


@contextmanager
def _until(moment: float, sock: socket.socket) -> Iterator[None]:
    """Hang up at that moment: timeouts of a socket begin anew with every byte."""
    hang_up = threading.Timer(max(0.0, moment - time.monotonic()), _hang_up, [sock])
    hang_up.daemon = True
    hang_up.start()
    try:
        yield
    finally:
        hang_up.cancel()


def _hang_up(sock: socket.socket) -> None:
    with suppress(OSError):  # it is closed already
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _read(answer: http.client.HTTPResponse, until: float, bounds: Bounds) -> bytes:
    unpack = _unpacker(answer.getheader("Content-Encoding", "identity"))
    content = bytearray()
    while chunk := answer.read1(_CHUNK):
        content += unpack(chunk, bounds.size + 1 - len(content))
        if len(content) > bounds.size:
            raise Invalid("url", f"what it sends is larger than {_size(bounds.size)}")
    if time.monotonic() >= until:
        raise _too_slow(bounds)
    if answer.length:
        raise failed("it ended before everything was sent")
    return bytes(content)


def _unpacker(encoding: str) -> Callable[[bytes, int], bytes]:
    """Servers may send gzip though we asked for none; it unfolds no further than the limit."""
    if encoding in {"", "identity"}:
        return lambda chunk, most: chunk
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        raise failed(f"it is encoded as {encoding[:40]}, which was not asked for")
    unfold = zlib.decompressobj(wbits=47)

    def unpack(chunk: bytes, most: int) -> bytes:
        try:
            return unfold.decompress(chunk, most)
        except zlib.error as error:
            raise failed(f"it cannot be unpacked: {error}") from error

    return unpack


def failed(message: str) -> EngineError:
    """Nothing was learned; asked again, it may be."""
    return EngineError(message, outcome="none", retryable=True)


def _too_slow(bounds: Bounds) -> EngineError:
    return failed(f"it took longer than {bounds.seconds:g} seconds")


def _size(count: int) -> str:
    kib = count // 1024
    return f"{kib} KB" if kib < 1024 else f"{kib // 1024} MB"


def _words(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:200]
