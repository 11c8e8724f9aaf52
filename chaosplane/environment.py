"""Reads typed values from environment variables; settings.py is the caller.

A secret may come from a file: NAME_FILE holds the path (Docker and Kubernetes secrets).
A value that cannot be used stops the start with the variable and what it must be.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off"})


class Environment:
    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def text(self, name: str, default: str | None = None) -> str:
        """The value of NAME, else the content of the file NAME_FILE names, else the default."""
        value, path = self._variables.get(name), self._variables.get(f"{name}_FILE")
        if value is not None and path is not None:
            raise ImproperlyConfigured(f"Set {name} or {name}_FILE, not both.")
        if path is not None:
            try:
                value = Path(path).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise ImproperlyConfigured(f"{name}_FILE cannot be read: {error}") from error
        if value:
            return value
        if default is None:
            raise ImproperlyConfigured(f"{name} must be set (or {name}_FILE to a file with it).")
        return default

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        value = self.text(name, default)
        if value not in allowed:
            raise ImproperlyConfigured(f"{name}={value!r}: must be one of {', '.join(allowed)}.")
        return value

    def flag(self, name: str, default: bool) -> bool:
        value = self.text(name, str(default)).lower()
        if value not in TRUE | FALSE:
            raise ImproperlyConfigured(f"{name}={value!r}: must be true or false.")
        return value in TRUE

    def number(self, name: str, default: float, *, least: float, most: float) -> float:
        value = self.text(name, str(default))
        try:
            number = float(value)
        except ValueError:
            raise ImproperlyConfigured(f"{name}={value!r}: must be a number.") from None
        if not least <= number <= most:
            raise ImproperlyConfigured(f"{name}={value}: must be between {least:g} and {most:g}.")
        return number

    def names(self, name: str, default: str = "") -> list[str]:
        """A comma-separated list."""
        return [part.strip() for part in self.text(name, default).split(",") if part.strip()]

    def origins(self, name: str) -> list[str]:
        """A comma-separated list of schemes, hosts and ports, without a path."""
        for origin in (found := self.names(name)):
            try:
                parts = urlsplit(origin)
                is_one = parts.scheme in {"https", "http"} and bool(parts.hostname)
                is_one = is_one and parts.port != 0 and origin == f"{parts.scheme}://{parts.netloc}"
            except ValueError:
                is_one = False
            if not is_one or "@" in origin:
                raise ImproperlyConfigured(
                    f"{name}: {origin[:100]} is no origin such as https://prometheus.example:9090."
                )
        return found

    def starting_with(self, prefix: str) -> list[str]:
        return sorted(
            name for name, value in self._variables.items() if name.startswith(prefix) and value
        )


# A server whose machine is gone answers nothing: TCP gives up after some seconds, not hours
# (PostgreSQL manual, "Parameter Key Words").
PATIENCE = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}


def database(name: str, url: str, pool: dict[str, Any] | None) -> dict[str, Any]:
    """Django's DATABASES entry for postgresql://user:password@host:port/name?option=value.

    A socket folder is given as ?host=/folder, as libpq does. Without a pool each thread has a
    connection of its own.
    """
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    database_name = unquote(parts.path.lstrip("/"))
    if parts.scheme not in {"postgres", "postgresql"} or not database_name:
        raise ImproperlyConfigured(
            f"{name} must look like postgresql://user:password@host:5432/name."
        )
    try:
        port = parts.port or options.pop("port", "")
    except ValueError:
        raise ImproperlyConfigured(f"{name}: the port must be a number up to 65535.") from None
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": database_name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", parts.hostname or ""),
        "PORT": str(port),
        "OPTIONS": {**PATIENCE, **options} | ({"pool": pool} if pool else {}),
    }


def broker(name: str, redis_url: str) -> str:
    """Celery's address of the same server: redis-py and kombu spell a socket differently."""
    parts = urlsplit(redis_url)
    if parts.scheme in {"redis", "rediss"}:
        return redis_url
    if parts.scheme == "unix":
        number = dict(parse_qsl(parts.query)).get("db", "0")
        return f"redis+socket://{parts.path}?virtual_host={number}"
    raise ImproperlyConfigured(
        f"{name} must look like redis://host:6379/0, rediss://... or unix:///path?db=0."
    )


def mail(name: str, url: str) -> dict[str, Any]:
    """Django's settings for smtp://user:password@host:587 (STARTTLS), smtps://host:465 (TLS
    from the start) or smtp+plain://host:25 (a relay on the same machine)."""
    if not url:
        return {}
    parts = urlsplit(url)
    ports = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
    try:
        port = parts.port or ports[parts.scheme]
    except (ValueError, KeyError):
        port = 0
    if not port or not parts.hostname:
        raise ImproperlyConfigured(
            f"{name} must look like smtp://user:password@host:587, smtps://... or smtp+plain://..."
        )
    return {
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": port,
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
    }
