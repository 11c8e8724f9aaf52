"""PostgreSQL itself refuses to change history, to undo a stop, or to skip a state."""

from __future__ import annotations

from django.db import migrations

from exercises.models.append_only import REFUSE_SQL, guard_sql, unguard_sql
from exercises.models.transitions_sql import run_guard_sql

GUARDED = (
    "exercises_attachment",
    "exercises_auditentry",
    "exercises_blamelesssetting",
    "exercises_clauseversion",
    "exercises_decision",
    "exercises_experimentrevision",
    "exercises_finalstandings",
    "exercises_findingevidence",
    "exercises_findingnote",
    "exercises_gopair",
    "exercises_gorequest",
    "exercises_gotry",
    "exercises_improvement",
    "exercises_improvementjudgement",
    "exercises_improvementvote",
    "exercises_knowledgeversion",
    "exercises_ladderoverride",
    "exercises_mentorsignoff",
    "exercises_missedoccurrence",
    "exercises_noticepolicy",
    "exercises_policyactivation",
    "exercises_policyversion",
    "exercises_prediction",
    "exercises_reportbrief",
    "exercises_runevent",
    "exercises_runsnapshot",
    "exercises_scoreentry",
    "exercises_templateversion",
)

# Its bytes go when what they are attached to goes; until then nobody writes over them.
UNCHANGING = """
CREATE TRIGGER exercises_attachedbytes_unchanging BEFORE UPDATE ON exercises_attachedbytes
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
ALTER TABLE exercises_attachedbytes ENABLE ALWAYS TRIGGER exercises_attachedbytes_unchanging;
"""

RULES = """
CREATE FUNCTION refuse_own_judgement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM exercises_improvement i
        WHERE i.id = NEW.improvement_id AND i.proposed_by_id = NEW.judged_by_id
    ) THEN
        RAISE EXCEPTION 'nobody judges their own improvement' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER improvement_judged_by_another BEFORE INSERT ON exercises_improvementjudgement
    FOR EACH ROW EXECUTE FUNCTION refuse_own_judgement();
ALTER TABLE exercises_improvementjudgement ENABLE ALWAYS TRIGGER improvement_judged_by_another;

CREATE FUNCTION refuse_points_after_the_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.kind <> 'correction' AND EXISTS (
        SELECT 1 FROM exercises_finalstandings f WHERE f.game_day_id = NEW.game_day_id
    ) THEN
        RAISE EXCEPTION 'the standings are frozen: only corrections follow'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER ledger_is_closed_by_the_final BEFORE INSERT ON exercises_scoreentry
    FOR EACH ROW EXECUTE FUNCTION refuse_points_after_the_end();
ALTER TABLE exercises_scoreentry ENABLE ALWAYS TRIGGER ledger_is_closed_by_the_final;
"""
UNRULES = """
DROP TRIGGER ledger_is_closed_by_the_final ON exercises_scoreentry;
DROP FUNCTION refuse_points_after_the_end();
DROP TRIGGER improvement_judged_by_another ON exercises_improvementjudgement;
DROP FUNCTION refuse_own_judgement();
"""


class Migration(migrations.Migration):
    # The last that 0001_initial stands for: where only some of those were applied, Django says so
    # and stops, instead of taking the tables for complete.
    dependencies = [("exercises", "0047_region_is_blind")]

    operations = [
        migrations.RunSQL(REFUSE_SQL, "DROP FUNCTION IF EXISTS refuse_change()"),
        *(migrations.RunSQL(guard_sql(table), unguard_sql(table)) for table in GUARDED),
        migrations.RunSQL(
            UNCHANGING,
            "DROP TRIGGER exercises_attachedbytes_unchanging ON exercises_attachedbytes",
        ),
        migrations.RunSQL(RULES, UNRULES),
        migrations.RunSQL(
            run_guard_sql(),
            "DROP TRIGGER IF EXISTS run_moves ON exercises_run; DROP FUNCTION guard_run();",
        ),
    ]
