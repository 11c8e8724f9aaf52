"""Call an address that somebody typed, without letting it reach into this network.

https only; every address the name resolves to must be public, and the connection goes to the
one that was checked (exercises.fetching). No redirects, and bounds on size, time and
decompression. Callers are services that fetch or call what people configured.
"""

from __future__ import annotations

import http.client
import ipaddress
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from exercises.domain.errors import Invalid
from exercises.fetching import Address, Bounds, Destination, ask, failed, resolve

MAX_BYTES: Final = 2 * 1024 * 1024
MAX_SECONDS: Final = 15.0
MAX_ANSWER: Final = 64 * 1024
MAX_URL: Final = 1000
_PORT: Final = 443
_TRANSLATED: Final = ipaddress.ip_network("64:ff9b::/96")
_TRANSLATED_HERE: Final = ipaddress.ip_network("64:ff9b:1::/48")


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came back. `content` is None when the server says that nothing changed."""

    content: bytes | None
    etag: str


@dataclass(frozen=True, slots=True)
class Answered:
    """What a server said to a POST, whatever it was."""

    status: int
    content: bytes


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
        raise failed(f"the host {host} is not known") from error
    if not found:
        raise failed(f"the host {host} has no address")
    return found


def fetch(url: str, *, etag: str = "", accept: str = "*/*", reach: Reach | None = None) -> Fetched:
    """GET an address. Raises Invalid (not allowed, too large) and EngineError (not reached,
    not answered well, too slow)."""
    reach = reach or Reach()
    answer = ask(
        _destination(url, reach),
        bounds=Bounds(MAX_SECONDS, MAX_BYTES),
        headers={"Accept": accept} | ({"If-None-Match": etag} if etag else {}),
        wants_content=lambda status: status == http.client.OK,
        context=reach.context,
    )
    if answer.status == http.client.NOT_MODIFIED:
        return Fetched(None, "")
    if 300 <= answer.status < 400:
        # Everybody reads what is wrong; the address itself may be the key to the calendar.
        where = _host_named(answer.headers.get("location", ""))
        raise Invalid("url", f"it redirects to {where}; use the address it ends at")
    if answer.status != http.client.OK:
        raise failed(f"it answered {answer.status}")
    return Fetched(answer.content, answer.headers.get("etag", "")[:200])


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    seconds: float = MAX_SECONDS,
    reach: Reach | None = None,
) -> Answered:
    """POST to an address; a redirect is an answer like any other and is not followed.

    Raises Invalid (not allowed, too large) and EngineError (not reached, too slow).
    """
    reach = reach or Reach()
    answer = ask(
        _destination(url, reach),
        bounds=Bounds(seconds, MAX_ANSWER),
        headers=headers,
        context=reach.context,
        body=body,
    )
    return Answered(answer.status, answer.content)


def _destination(url: str, reach: Reach) -> Destination:
    """The checked address of a URL, and what to ask there."""
    address, host = check(url, reach), host_of(url)
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Destination("https", host, reach.port, address, path)


def _host_named(location: str) -> str:
    with suppress(ValueError):  # what no address is names no host
        return (urlsplit(location).hostname or "elsewhere")[:200]
    return "elsewhere"
