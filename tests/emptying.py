"""Empties the database between tests that commit, and at the end; conftest.py installs it.

History tables refuse TRUNCATE in every session, on purpose. Only here, and only in the
transaction that empties the test database, is that one trigger lifted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection

# Bit 5 of tgtype is TRUNCATE (PostgreSQL, src/include/catalog/pg_trigger.h).
REFUSING_TRUNCATE = """
SELECT tgrelid::regclass::text, tgname FROM pg_trigger
WHERE NOT tgisinternal AND tgtype & 32 <> 0 AND tgenabled = 'A' ORDER BY 1, 2
"""

SqlFlush = Callable[..., list[str]]


def lifting(sql_flush: SqlFlush) -> SqlFlush:
    """Django's sql_flush, with the guards of the emptied tables off while it runs."""

    def lifted(*args: Any, **kwargs: Any) -> list[str]:
        statements = sql_flush(*args, **kwargs)
        if not statements:
            return statements
        with connection.cursor() as cursor:
            cursor.execute(REFUSING_TRUNCATE)
            guards = cursor.fetchall()
        return [
            *(f'ALTER TABLE {table} DISABLE TRIGGER "{name}"' for table, name in guards),
            *statements,
            *(f'ALTER TABLE {table} ENABLE ALWAYS TRIGGER "{name}"' for table, name in guards),
        ]

    return lifted


def end_other_sessions() -> None:
    """So that the test database can be dropped.

    A request whose browser has gone may still be answered in a thread of the live server
    when the last test is over.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
