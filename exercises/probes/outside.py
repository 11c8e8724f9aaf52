"""How probes reach what is not AWS: hosts that the operator named, in bounded time and size.

A host of one's own has a private address, so the public internet is no condition here as it
is in channels.safe_fetch; the operator's list is (CHAOSPLANE_PROBE_ORIGINS). Addresses of the
machine itself and of its cloud are refused even then, or whoever answers for a name could
turn a probe against them.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from exercises.domain.errors import Invalid
from exercises.domain.probe_sources import Place, check_allowed
from exercises.fetching import Address, Answer, Bounds, Destination, ask, failed, resolve

TIMEOUT_S: Final = 3.0
"""Longer than a request of a healthy service, shorter than a look at a Region may take."""
MAX_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Reach:
    """How names are looked up and servers trusted."""

    resolve: Callable[[str, int], Sequence[Address]] = resolve
    context: Callable[[], ssl.SSLContext] = ssl.create_default_context


def fetch(
    url: str,
    *,
    allowed: Collection[str],
    reach: Reach,
    accept: str = "*/*",
    wants_content: bool = True,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """GET an address of the operator's list. A redirect is an answer and is not followed.

    Raises Invalid (not allowed, too large) and EngineError (not reached, too slow).
    """
    place = check_allowed(url, allowed)
    parts = urlsplit(url)
    return ask(
        Destination(
            place.scheme,
            place.host,
            place.port,
            _address(place, reach),
            (parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        ),
        bounds=Bounds(TIMEOUT_S, MAX_BYTES),
        headers={"Accept": accept} | dict(headers or {}),
        wants_content=lambda status: wants_content,
        context=reach.context,
    )


def _address(place: Place, reach: Reach) -> Address:
    written = _written(place.host)
    if written is not None:  # the operator wrote the address itself; loopback then is meant
        _refuse_if(_is_nobodys(written), place, written)
        return written
    try:
        found = list(reach.resolve(place.host, place.port))
    except (OSError, ValueError) as error:
        raise failed(f"the host {place.host} is not known") from error
    if not found:
        raise failed(f"the host {place.host} has no address")
    for address in found:
        _refuse_if(address.is_loopback or _is_nobodys(address), place, address)
    return found[0]


def _written(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _refuse_if(is_refused: bool, place: Place, address: Address) -> None:
    if is_refused:
        raise Invalid("url", f"{place.host} is {address}, which no probe may reach")


def _is_nobodys(address: Address) -> bool:
    """Link-local, which holds the metadata of clouds, and what is no host at all."""
    inner = getattr(address, "ipv4_mapped", None)
    if inner is not None:
        return inner.is_loopback or _is_nobodys(inner)
    return (
        address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or (address.is_reserved and address.version == 4)
        or address == _METADATA_V6
    )


_METADATA_V6: Final = ipaddress.ip_address("fd00:ec2::254")
