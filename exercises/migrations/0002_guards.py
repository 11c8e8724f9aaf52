"""PostgreSQL itself refuses to change history, to undo a stop, or to skip a state."""

from __future__ import annotations

from django.db import migrations

from exercises.models.append_only import REFUSE_SQL, guard_sql, unguard_sql
from exercises.models.transitions_sql import run_guard_sql

GUARDED = (
    "exercises_templateversion",
    "exercises_experimentrevision",
    "exercises_decision",
    "exercises_runevent",
    "exercises_findingnote",
    "exercises_auditentry",
)


class Migration(migrations.Migration):
    dependencies = [("exercises", "0001_tables")]

    operations = [
        migrations.RunSQL(REFUSE_SQL, "DROP FUNCTION IF EXISTS refuse_change()"),
        *(migrations.RunSQL(guard_sql(table), unguard_sql(table)) for table in GUARDED),
        migrations.RunSQL(
            run_guard_sql(),
            "DROP TRIGGER IF EXISTS run_moves ON exercises_run; DROP FUNCTION guard_run();",
        ),
    ]
