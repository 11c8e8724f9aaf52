"""Read an address that somebody typed, without letting it reach into this network.

https only; every address the name resolves to must be public, and the connection goes to the
one that was checked, so that a name that changes its mind between the two is no way in
(DNS rebinding). No redirects, and bounds on size, time and decompression. Callers are
services that fetch or call what people configured.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from exercises.domain.errors import EngineError, Invalid

MAX_BYTES: Final = 2 * 1024 * 1024
MAX_SECONDS: Final = 15.0
MAX_URL: Final = 1000
_PORT: Final = 443
_CHUNK: Final = 64 * 1024
_TRANSLATED: Final = ipaddress.ip_network("64:ff9b::/96")
_TRANSLATED_HERE: Final = ipaddress.ip_network("64:ff9b:1::/48")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came back. `content` is None when the server says that nothing changed."""

    content: bytes | None
    etag: str


def is_public(address: Address) -> bool:
    """Whether an address is one of the public internet, whatever it is wrapped in."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if address in _TRANSLATED_HERE or address.teredo is not None:
            return False
        if inner is not None:
            return is_public(inner)
        if address.is_site_local:
            return False
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_unspecified
    )


def resolve(host: str, port: int) -> Sequence[Address]:
    """Every address of a name. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(str(sockaddr[0]).partition("%")[0]) for *_, sockaddr in found]


@dataclass(frozen=True, slots=True)
class Reach:
    """What may be reached and how; tests stand a server of their own behind it."""

    resolve: Callable[[str, int], Sequence[Address]] = resolve
    is_allowed: Callable[[Address], bool] = is_public
    context: Callable[[], ssl.SSLContext] = ssl.create_default_context
    port: int = _PORT


def host_of(url: str) -> str:
    """The host of an address that may be fetched. Raises Invalid that names url and why."""
    if len(url) > MAX_URL:
        raise Invalid("url", f"at most {MAX_URL:,} characters")
    if any(ord(letter) <= 32 or ord(letter) >= 127 for letter in url):
        raise Invalid("url", "without spaces, line breaks or letters beyond ASCII")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Invalid("url", f"cannot be read: {error}") from error
    if parts.scheme != "https":
        raise Invalid("url", "starts with https://, for this machine, too")
    if parts.username is not None or parts.password is not None:
        raise Invalid("url", "without a name and password in it")
    if not parts.hostname:
        raise Invalid("url", "names no host")
    if port not in {None, _PORT}:
        raise Invalid("url", f"the port is {_PORT}")
    return parts.hostname


def check(url: str, reach: Reach | None = None) -> Address:
    """The address to connect to. Raises Invalid when the URL or any address of its host is
    not allowed, EngineError when the host is not known."""
    reach, host = reach or Reach(), host_of(url)
    try:
        addresses = [ipaddress.ip_address(host)]
    except ValueError:
        addresses = _looked_up(host, reach)
    for address in addresses:
        if not reach.is_allowed(address):
            raise Invalid("url", f"{host} is {address}, which is not on the public internet")
    return addresses[0]


def _looked_up(host: str, reach: Reach) -> list[Address]:
    try:
        found = list(reach.resolve(host, reach.port))
    except (OSError, ValueError) as error:
        raise _failed(f"the host {host} is not known") from error
    if not found:
        raise _failed(f"the host {host} has no address")
    return found


def fetch(url: str, *, etag: str = "", accept: str = "*/*", reach: Reach | None = None) -> Fetched:
    """GET an address. Raises Invalid (not allowed, too large) and EngineError (not reached,
    not answered well, too slow)."""
    reach = reach or Reach()
    until = time.monotonic() + MAX_SECONDS
    address, host = check(url, reach), host_of(url)
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"Accept": accept, "Accept-Encoding": "identity", "User-Agent": "chaosplane"}
    if etag:
        headers["If-None-Match"] = etag
    connection = http.client.HTTPSConnection(host, reach.port, timeout=MAX_SECONDS)
    try:
        with _connected(address, host, reach) as sock, _until(until, sock):
            sock.do_handshake()
            connection.sock = sock
            connection.request("GET", path, headers=headers)
            return _read(connection.getresponse(), until)
    except (OSError, http.client.HTTPException) as error:
        if time.monotonic() >= until:
            raise _too_slow() from error
        raise _failed(f"{host} did not answer: {_words(error)}") from error
    finally:
        connection.close()


def _connected(address: Address, host: str, reach: Reach) -> ssl.SSLSocket:
    """A socket to the checked address that will speak to the host by its name."""
    plain = socket.create_connection((str(address), reach.port), timeout=MAX_SECONDS)
    try:
        return reach.context().wrap_socket(
            plain, server_hostname=host, do_handshake_on_connect=False
        )
    except BaseException:
        plain.close()
        raise


@contextmanager
def _until(moment: float, sock: ssl.SSLSocket) -> Iterator[None]:
    """Hang up at that moment: timeouts of a socket begin anew with every byte."""
    hang_up = threading.Timer(max(0.0, moment - time.monotonic()), _hang_up, [sock])
    hang_up.daemon = True
    hang_up.start()
    try:
        yield
    finally:
        hang_up.cancel()


def _hang_up(sock: ssl.SSLSocket) -> None:
    with suppress(OSError):  # it is closed already
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _host_named(location: str) -> str:
    with suppress(ValueError):  # what no address is names no host
        return (urlsplit(location).hostname or "elsewhere")[:200]
    return "elsewhere"


def _read(answer: http.client.HTTPResponse, until: float) -> Fetched:
    if answer.status == http.client.NOT_MODIFIED:
        return Fetched(None, "")
    if 300 <= answer.status < 400:
        # Everybody reads what is wrong; the address itself may be the key to the calendar.
        where = _host_named(str(answer.getheader("Location", "")))
        raise Invalid("url", f"it redirects to {where}; use the address it ends at")
    if answer.status != http.client.OK:
        raise _failed(f"it answered {answer.status}")
    unpack = _unpacker(answer.getheader("Content-Encoding", "identity"))
    content = bytearray()
    while chunk := answer.read1(_CHUNK):
        content += unpack(chunk, MAX_BYTES + 1 - len(content))
        if len(content) > MAX_BYTES:
            raise Invalid("url", f"what it sends is larger than {MAX_BYTES // 1024 // 1024} MB")
    if time.monotonic() >= until:
        raise _too_slow()
    if answer.length:
        raise _failed("it ended before everything was sent")
    return Fetched(bytes(content), str(answer.getheader("ETag", ""))[:200])


def _unpacker(encoding: str) -> Callable[[bytes, int], bytes]:
    """Servers may send gzip though we asked for none; it unfolds no further than the limit."""
    if encoding in {"", "identity"}:
        return lambda chunk, most: chunk
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        raise _failed(f"it is encoded as {encoding[:40]}, which was not asked for")
    unfold = zlib.decompressobj(wbits=47)

    def unpack(chunk: bytes, most: int) -> bytes:
        try:
            return unfold.decompress(chunk, most)
        except zlib.error as error:
            raise _failed(f"it cannot be unpacked: {error}") from error

    return unpack


def _failed(message: str) -> EngineError:
    return EngineError(message, outcome="none", retryable=True)


def _too_slow() -> EngineError:
    return _failed(f"it took longer than {MAX_SECONDS:g} seconds")


def _words(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:200]
