"""The audit trail shows whoever changed it, cut it off or wrote it anew (invariant 8)."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from exercises.domain.audit_chain import link
from exercises.models.audit import AuditEntry
from exercises.services.audit import payload_of
from exercises.services.audit_verification import verify
from tests import build
from tests.cast import Cast

pytestmark = pytest.mark.django_db

TABLE = "exercises_auditentry"


@pytest.fixture
def trail(cast: Cast) -> int:
    build.approved(cast)
    return AuditEntry.objects.count()


def tamper(sql: str) -> None:
    """As somebody who owns the database could."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {TABLE} DISABLE TRIGGER ALL")
        cursor.execute(sql)
        cursor.execute(f"ALTER TABLE {TABLE} ENABLE TRIGGER ALL")


def test_an_untouched_trail_is_whole(trail: int) -> None:
    report = verify()
    assert trail > 3
    assert report.is_whole
    assert report.head.seq == trail


@pytest.mark.parametrize(
    "change",
    [
        "actor_name = 'Somebody else'",
        'details = \'{"digest": "0"}\'',
        "at = at + interval '1 microsecond'",
        "action = 'experiment.decline'",
        "door = 'api'",
        "object_id = '99'",
    ],
)
def test_any_change_of_an_entry_is_found_where_it_is(trail: int, change: str) -> None:
    tamper(f"UPDATE {TABLE} SET {change} WHERE seq = 2")
    assert verify().broken_at == 2


def test_a_removed_entry_is_found(trail: int) -> None:
    tamper(f"DELETE FROM {TABLE} WHERE seq = 2")
    assert verify().broken_at == 2


def test_an_entry_written_anew_with_a_hash_that_fits_shows_at_the_next(trail: int) -> None:
    entry = AuditEntry.objects.get(seq=2)
    entry.actor_name = ""
    forged = link(entry.previous_hash, payload_of(entry))
    tamper(f"UPDATE {TABLE} SET actor_name = '', hash = '{forged}' WHERE seq = 2")
    tamper(f"UPDATE {TABLE} SET previous_hash = '{forged}' WHERE seq = 3")
    assert verify().broken_at == 3


def test_a_trail_cut_off_at_its_end_is_found_by_its_anchor(trail: int, tmp_path: Path) -> None:
    anchor = tmp_path / "heads"
    call_command("audit_verify", anchor=anchor)
    call_command("audit_verify", anchor=anchor)
    tamper(f"DELETE FROM {TABLE} WHERE seq = {trail}")
    assert verify().is_whole, "the chain alone cannot see it"
    with pytest.raises(CommandError, match=f"anchored at entry {trail}"):
        call_command("audit_verify", anchor=anchor)


def test_an_anchor_file_that_cannot_be_read_is_named(trail: int, tmp_path: Path) -> None:
    anchor = tmp_path / "heads"
    anchor.write_text("not an anchor\n")
    with pytest.raises(CommandError, match="line 1"):
        call_command("audit_verify", anchor=anchor)
