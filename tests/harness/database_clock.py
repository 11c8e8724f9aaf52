"""A database whose clock we set: `clock_timestamp()` of this session says what we say.

The product asks PostgreSQL for the time. A schema before pg_catalog in the search path gives
it our function of that name (PostgreSQL manual, "The Schema Search Path"): nothing of the
product is replaced.
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection

CREATE = """
CREATE SCHEMA IF NOT EXISTS harness;
CREATE OR REPLACE FUNCTION harness.clock_timestamp() RETURNS timestamptz LANGUAGE sql STABLE
    AS $$ SELECT pg_catalog.current_setting('harness.now')::timestamptz $$;
SET search_path = harness, public, pg_catalog;
"""


def install(now: datetime) -> None:
    """Stop the clock of this session at `now`."""
    with connection.cursor() as cursor:
        cursor.execute(CREATE)
    set_to(now)


def set_to(now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('harness.now', %s, false)", [now.isoformat()])
