"""The servers of a test session, started by conftest.py before Django reads its settings."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from urllib.parse import quote, urlsplit

from chaosplane import embedded
from chaosplane.embedded.processes import CannotStart
from chaosplane.embedded.servers import Servers

# Sessions may run side by side: each takes the first home that nobody holds. The homes are
# kept, because a database cluster is made once and starts in a tenth of a second after that.
HOMES = 32


def free_servers(variables: MutableMapping[str, str]) -> Servers:
    parent = embedded.home(variables) / "test"
    for number in range(1, HOMES + 1):
        try:
            return Servers(parent / str(number), durable=False, given=variables)
        except CannotStart:
            continue
    raise CannotStart(f"All {HOMES} test homes in {parent} are in use.")


def start(variables: MutableMapping[str, str]) -> Servers | None:
    """Point the environment at servers for this process, starting them in the first one.

    A worker of pytest-xdist inherits the addresses and takes a queue number of its own, so
    that a Celery worker of one never takes the messages of another.
    """
    worker = variables.get("PYTEST_XDIST_WORKER")
    if worker:
        variables["REDIS_URL"] = numbered(variables["REDIS_URL"], int(worker[2:]) + 1)
        return None
    servers = free_servers(variables)
    servers.start()
    variables.update(servers.environment)
    return servers


def numbered(redis_url: str, number: int) -> str:
    """The same server's database of that number.

    Put together by hand: urlunsplit drops the slashes of unix:///path.
    """
    parts = urlsplit(redis_url)
    if parts.scheme == "unix":
        return f"unix://{parts.path}?db={number}"
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc}/{number}{query}"


def database_url(settings_dict: dict[str, object]) -> str:
    """The address by which another process reaches the test database of this one."""
    part = {name: quote(str(value), safe="") for name, value in settings_dict.items()}
    address = f"postgresql://{part['USER']}:{part['PASSWORD']}@/{part['NAME']}?host={part['HOST']}"
    return address + (f"&port={part['PORT']}" if part["PORT"] else "")


def environment_of_a_process(settings_dict: dict[str, object]) -> dict[str, str]:
    return {
        **os.environ,
        "CHAOSPLANE_ENV": "test",
        "DJANGO_SETTINGS_MODULE": "chaosplane.settings",
        "DATABASE_URL": database_url(settings_dict),
    }
