"""Where the address and the token come from: the environment, or the file that login wrote."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class NotSignedIn(Exception):
    """There is no address or no token, or they must not be used. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Access:
    url: str
    token: str


def file_of(variables: Mapping[str, str]) -> Path:
    """Under XDG_CONFIG_HOME (XDG Base Directory Specification), else ~/.config."""
    given = variables.get("XDG_CONFIG_HOME", "")
    # The specification: a path that is not absolute is to be ignored.
    base = Path(given) if given.startswith("/") else Path.home() / ".config"
    return base / "chaosplane" / "login.json"


def access(variables: Mapping[str, str]) -> Access:
    """The environment wins over the file. Raises NotSignedIn."""
    url, token = variables.get("CHAOSPLANE_URL", ""), variables.get("CHAOSPLANE_TOKEN", "")
    if not (url and token):
        kept = _read(file_of(variables))
        # A token goes to the address it was kept with, never to another from the environment.
        if kept and url and not token and read_url(url) != kept.url:
            raise NotSignedIn(f"The token kept is for {kept.url}. Set CHAOSPLANE_TOKEN for {url}.")
        url, token = url or (kept.url if kept else ""), token or (kept.token if kept else "")
    if not url or not token:
        raise NotSignedIn(
            "Not signed in: run `chaosplane login URL`, or set CHAOSPLANE_URL and CHAOSPLANE_TOKEN."
        )
    return Access(read_url(url), read_token(token))


def is_configured(variables: Mapping[str, str]) -> bool:
    """Whether a server was named at all."""
    return bool(variables.get("CHAOSPLANE_URL")) or file_of(variables).exists()


def keep(variables: Mapping[str, str], found: Access) -> Path:
    """Write the file, readable by nobody else from its first moment."""
    path = file_of(variables)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"url": found.url, "token": found.token}, file)
    new.replace(path)
    return path


def read_url(typed: str) -> str:
    """An address without a path's end. Raises NotSignedIn unless a token is safe on its way."""
    parts = urlsplit(typed.strip())
    if parts.scheme not in {"https", "http"} or not parts.hostname or parts.query:
        raise NotSignedIn(f"{typed!r} is no address: https://chaosplane.example.org")
    if parts.username or parts.password:
        raise NotSignedIn("The address holds a password: only the token signs in.")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise NotSignedIn(f"{typed!r} sends the token unencrypted: https, or http to this machine")
    return typed.strip().rstrip("/")


def read_token(typed: str) -> str:
    """Raises NotSignedIn for what cannot be one, such as two lines pasted together."""
    token = typed.strip()
    if not token.isascii() or not token.isprintable() or " " in token or not token:
        raise NotSignedIn("That is no token: one word, cpl_… of Settings, API tokens.")
    return token


def _read(path: Path) -> Access | None:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise NotSignedIn(f"{path} cannot be read: {error}") from None
    if mode & 0o077:
        raise NotSignedIn(f"{path} can be read by others: chmod 600, and issue another token.")
    try:
        kept = json.loads(text)
        return Access(read_url(kept["url"]), read_token(kept["token"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise NotSignedIn(
            f"{path} is not what login wrote: run `chaosplane login` again."
        ) from None
