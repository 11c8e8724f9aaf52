"""What PostgreSQL refuses whoever asks: history, the stop latch, the moves of a run."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from exercises.domain.run_states import RunState, trigger_pairs
from exercises.models import Run
from exercises.models.append_only import AppendOnly
from exercises.models.due_work import database_now
from exercises.services.audit_verification import verify
from tests import build
from tests.cast import Cast

pytestmark = pytest.mark.django_db

HISTORY = [m for m in apps.get_app_config("exercises").get_models() if issubclass(m, AppendOnly)]


def refused(sql: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    except DatabaseError:
        return True
    return False


@pytest.fixture
def history(cast: Cast) -> Run:
    _, run = build.live(cast)
    return run


@pytest.mark.parametrize("model", HISTORY, ids=lambda m: m.__name__)
def test_history_cannot_be_updated_deleted_or_truncated(model: type[AppendOnly]) -> None:
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgtype FROM pg_trigger WHERE tgrelid = %s::regclass AND tgenabled = 'A'",
            [table],
        )
        types = [row[0] for row in cursor.fetchall()]
    # pg_trigger.tgtype: row 1, before 2, delete 8, update 16, truncate 32
    assert any(t & 1 and t & 8 and t & 16 for t in types)
    assert any(t & 32 for t in types)
    assert refused(f"TRUNCATE {table} CASCADE")


def test_rows_of_history_stand_against_sql(history: Run) -> None:
    for table in ("exercises_runevent", "exercises_decision", "exercises_auditentry"):
        assert refused(f"UPDATE {table} SET id = id + 1000")
        assert refused(f"DELETE FROM {table}")
        assert refused(f"SET LOCAL session_replication_role = replica; DELETE FROM {table}")


def test_the_database_knows_every_move_of_the_code_and_no_other(history: Run) -> None:
    allowed = set(trigger_pairs())
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'guard_run'")
        source = cursor.fetchone()[0]
    for old in RunState:
        for new in RunState:
            assert (f"('{old.value}', '{new.value}')" in source) == (
                (old.value, new.value) in allowed
            )


def test_a_move_that_is_not_in_the_table_is_refused_in_sql(history: Run) -> None:
    assert refused(f"UPDATE exercises_run SET state = 'completed' WHERE id = '{history.pk}'")
    assert not refused(f"UPDATE exercises_run SET state = 'starting' WHERE id = '{history.pk}'")


def test_a_stop_that_was_asked_for_stays_asked_for(history: Run) -> None:
    Run.objects.filter(pk=history.pk).update(stop_requested_at=database_now())
    where = f"WHERE id = '{history.pk}'"
    assert refused(f"UPDATE exercises_run SET stop_requested_at = NULL {where}")
    assert refused(f"UPDATE exercises_run SET stop_requested_at = now() {where}")


def test_the_token_of_a_run_never_changes(history: Run) -> None:
    assert refused(f"UPDATE exercises_run SET token = 'x' WHERE id = '{history.pk}'")


def test_an_experiment_has_one_open_run(history: Run) -> None:
    copy = Run.objects.get(pk=history.pk)
    copy.pk = None
    copy.token = "another"
    copy._state.adding = True
    with pytest.raises(DatabaseError), transaction.atomic():
        copy.save()


def test_the_audit_chain_is_whole_after_a_planned_exercise(history: Run) -> None:
    assert verify().is_whole
