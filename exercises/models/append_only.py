"""Rows that are never updated or deleted, and the SQL by which PostgreSQL holds us to it.

Migrations use `guard_sql`; the tables that are guarded derive from `AppendOnly`.
"""

from __future__ import annotations

from typing import Any

from exercises.models.base import Record


class AppendOnly(Record):
    """History: written once. The trigger is the guard; this class only says so earlier."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError(f"{type(self).__name__} is append-only")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise TypeError(f"{type(self).__name__} is append-only")


REFUSE_SQL = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
"""


def guard_sql(table: str) -> str:
    """SQL that refuses UPDATE, DELETE and TRUNCATE on the table.

    TRUNCATE fires no row triggers, so it needs a statement trigger of its own; ENABLE
    ALWAYS holds in sessions that set session_replication_role = replica too
    (PostgreSQL manual, "CREATE TRIGGER" and "ALTER TABLE").
    """
    return f"""
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only;
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_truncate;
"""


def unguard_sql(table: str) -> str:
    return f"""
DROP TRIGGER IF EXISTS {table}_append_only ON {table};
DROP TRIGGER IF EXISTS {table}_no_truncate ON {table};
"""
