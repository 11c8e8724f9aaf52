"""The SQL by which PostgreSQL holds runs to the table of moves and to the stop latch.

Migrations run it; it is made from domain.run_states, so code and database cannot differ.
"""

from __future__ import annotations

from exercises.domain.run_states import trigger_pairs


def run_guard_sql() -> str:
    """Refuse a move that the table of moves does not hold, and a stop that is taken back."""
    pairs = ", ".join(f"('{old}', '{new}')" for old, new in trigger_pairs())
    return f"""
CREATE OR REPLACE FUNCTION guard_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN ({pairs}) THEN
        RAISE EXCEPTION 'a run cannot go from % to %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.stop_requested_at IS NOT NULL
       AND NEW.stop_requested_at IS DISTINCT FROM OLD.stop_requested_at THEN
        RAISE EXCEPTION 'a stop that was asked for stays asked for'
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.token <> OLD.token THEN
        RAISE EXCEPTION 'the token of a run never changes' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS run_moves ON exercises_run;
CREATE TRIGGER run_moves BEFORE UPDATE ON exercises_run
    FOR EACH ROW EXECUTE FUNCTION guard_run();
ALTER TABLE exercises_run ENABLE ALWAYS TRIGGER run_moves;
"""
