"""PostgreSQL of a benchmark's own, with every table, for programs that measure in-process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from tests.servers import free_servers


@contextmanager
def migrated_database(name: str) -> Iterator[None]:
    """Start the servers, make the database anew, set Django up on it; end all of it after."""
    servers = free_servers({n: os.environ[n] for n in ("CHAOSPLANE_HOME",) if n in os.environ})
    servers.start()
    try:
        address = servers.environment["DATABASE_URL"]
        with psycopg.connect(address, autocommit=True) as session:
            session.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
            session.execute(f"CREATE DATABASE {name}".encode())
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

        call_command("migrate", verbosity=0)
        yield
        connection.close()
    finally:
        servers.stop()
