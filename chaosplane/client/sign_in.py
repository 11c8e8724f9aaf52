"""Where the address and the token come from: the environment, a job's CI, or what login wrote."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from chaosplane.client.ci_token import Job

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class NotSignedIn(Exception):
    """There is no address or no token, or they must not be used. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Access:
    """Where to, and with which token; none where a job asks its CI for one."""

    url: str
    token: str
    job: Job | None = None


def file_of(variables: Mapping[str, str]) -> Path:
    """Under XDG_CONFIG_HOME (XDG Base Directory Specification), else ~/.config."""
    given = variables.get("XDG_CONFIG_HOME", "")
    # The specification: a path that is not absolute is to be ignored.
    base = Path(given) if given.startswith("/") else Path.home() / ".config"
    return base / "chaosplane" / "login.json"


def access(variables: Mapping[str, str]) -> Access:
    """The environment wins over the file, and a token over what gives one. Raises NotSignedIn."""
    url = variables.get("CHAOSPLANE_URL", "")
    token = variables.get("CHAOSPLANE_TOKEN", "") or variables.get("CHAOSPLANE_OIDC_TOKEN", "")
    if url and not token and (job := _job(variables, url)):
        return Access(read_url(url), "", job)
    if not (url and token):
        kept = _read(file_of(variables))
        # A token goes to the address it was kept with, never to another from the environment.
        if kept and url and not token and read_url(url) != kept.url:
            raise NotSignedIn(f"The token kept is for {kept.url}. Set CHAOSPLANE_TOKEN for {url}.")
        url, token = url or (kept.url if kept else ""), token or (kept.token if kept else "")
    if not url or not token:
        raise NotSignedIn(
            "Not signed in: run `chaosplane login URL`, or set CHAOSPLANE_URL and CHAOSPLANE_TOKEN"
            " (a job of CI: CHAOSPLANE_OIDC_TOKEN)."
        )
    return Access(read_url(url), read_token(token))


def _job(variables: Mapping[str, str], url: str) -> Job | None:
    """A job of GitHub Actions that may ask for tokens: `permissions: id-token: write`."""
    where = variables.get("ACTIONS_ID_TOKEN_REQUEST_URL", "")
    bearer = variables.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "")
    if not where.startswith("https://") or not bearer:
        return None
    return Job(where, bearer, variables.get("CHAOSPLANE_OIDC_AUDIENCE", "") or url.rstrip("/"))


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
