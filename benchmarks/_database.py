"""PostgreSQL of a benchmark's own, with every table, for programs that measure in-process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from tests import migrated
from tests.servers import free_servers


@contextmanager
def migrated_database(name: str) -> Iterator[None]:
    """Start the servers, make the database anew, set Django up on it; end all of it after."""
    servers = free_servers({n: os.environ[n] for n in ("CHAOSPLANE_HOME",) if n in os.environ})
    servers.start()
    try:
        address = servers.environment["DATABASE_URL"]
        os.environ.update(servers.environment)
        os.environ.update(
            CHAOSPLANE_ENV="test",
            DJANGO_SETTINGS_MODULE="chaosplane.settings",
            DATABASE_URL=address.replace("/chaosplane?", f"/{name}?"),
        )
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connection

        with migrated.new_database(address, name) as is_empty:
            if is_empty:
                call_command("migrate", verbosity=0)
                connection.close()
                connection.close_pool()  # type: ignore[attr-defined]
        yield
        connection.close()
    finally:
        servers.stop()
