"""The link from a finding to its ticket in an issue tracker: https, with a host, no secrets."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from exercises.domain.errors import Invalid

LONGEST: Final = 200
_WANTED: Final = "an address that starts with https:// and names a host"


def read_link(text: str, *, field: str = "tracker_url") -> str:
    """The address as it is kept; empty for none. Raises Invalid that says what is wrong."""
    link = text.strip()
    if not link:
        return ""
    if len(link) > LONGEST:
        raise Invalid(field, f"at most {LONGEST} characters")
    if any(letter.isspace() or not letter.isprintable() for letter in link):
        raise Invalid(field, _WANTED)
    try:
        parts = urlsplit(link)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        raise Invalid(field, _WANTED) from None
    if parts.scheme != "https" or not host:
        raise Invalid(field, _WANTED)
    if parts.username is not None or parts.password is not None:
        raise Invalid(field, "without a name or password in it")
    return link


def host_of(link: str) -> str:
    """Where it leads, to be read before it is pressed; empty for what is no such link."""
    try:
        return urlsplit(link).hostname or "" if link.startswith("https://") else ""
    except ValueError:
        return ""
