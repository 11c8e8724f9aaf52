"""Tests that commit leave an empty database behind, and its guards as they were."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from tests.emptying import REFUSING_TRUNCATE

pytestmark = pytest.mark.django_db(transaction=True)


def guards() -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(REFUSING_TRUNCATE)
        return list(cursor.fetchall())


def test_history_refuses_to_be_emptied_by_anyone_else():
    assert guards()
    for table, _ in guards():
        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"TRUNCATE {table} CASCADE")


def test_emptying_leaves_the_guards_in_place():
    before = guards()
    call_command("flush", interactive=False, verbosity=0)
    assert guards() == before
