"""After a restore nothing starts until AWS was looked at and a person has confirmed it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client

from exercises.domain.errors import NotAllowed, Refused
from exercises.models import AccountRegion, AuditEntry, Exercise, Recovery
from exercises.models.due_work import database_now
from exercises.queries.readiness import readiness_of
from exercises.queries.start_gate import refusals
from exercises.queries.watching import watch_problem
from exercises.services.audit import record
from exercises.services.due_work import note_tick
from exercises.services.recovery import FILE, confirm_recovery, look_back
from exercises.services.sentinel import Watch
from exercises.services.stop import stop_all
from tests import build
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def restore(*, without: int) -> None:
    """Take the newest entries of the audit trail away, as a backup that lacks them would."""
    last = AuditEntry.objects.order_by("-seq").values_list("seq", flat=True).first() or 0
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE exercises_auditentry DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM exercises_auditentry WHERE seq > %s", [last - without])
        cursor.execute("ALTER TABLE exercises_auditentry ENABLE TRIGGER USER")


def test_a_database_that_only_grows_is_no_restore(cast: Cast, stop_folder: Path) -> None:
    assert look_back() is None
    build.live(cast)
    assert look_back() is None
    first = (stop_folder / FILE).read_text()
    assert look_back() is None
    assert (stop_folder / FILE).read_text() == first
    assert not Recovery.objects.exists()


def test_a_database_that_went_back_closes_every_start_until_a_lead_confirms(cast: Cast) -> None:
    _, run = build.live(cast)
    look_back()
    assert not refusals(run, now=database_now(), target_count=1)
    restore(without=1)
    begun = look_back()
    assert begun is not None
    assert "ends at entry" in begun.because
    assert look_back() is None, "once"

    def rules() -> set[str]:
        run.refresh_from_db()
        place = AccountRegion.objects.get()
        run.experiment.deployment.place = place
        return {each.rule for each in refusals(run, now=database_now(), target_count=1)}

    assert rules() == {"account.unwatched"}
    with pytest.raises(NotAllowed):
        confirm_recovery(actor=cast.actor("safety"), recovery=begun)
    with pytest.raises(Refused, match="Not looked at yet: account-111"):
        confirm_recovery(actor=cast.actor("lead"), recovery=begun)
    AccountRegion.objects.update(scanned_at=database_now())
    assert rules() == {"account.unwatched"}, "looking alone does not open it"
    confirm_recovery(actor=cast.actor("lead"), recovery=begun)
    assert rules() == set()


def test_entries_that_were_written_anew_are_a_restore_too(cast: Cast) -> None:
    build.live(cast)
    look_back()
    restore(without=1)
    exercise = Exercise.objects.get()
    stop_all(actor=cast.actor("lead"), exercise=exercise)
    begun = look_back()
    assert begun is not None
    assert "is not the one that was seen" in begun.because


def test_a_region_that_cannot_be_looked_at_stays_closed_and_holds_nothing_up(cast: Cast) -> None:
    build.live(cast)
    place = build.account()
    look_back()
    restore(without=1)
    begun = look_back()
    assert begun is not None
    AccountRegion.objects.update(
        scan_problem="access denied", due_at=database_now() - timedelta(minutes=2)
    )
    confirm_recovery(actor=cast.actor("lead"), recovery=begun)
    place.refresh_from_db()
    assert "access denied" in watch_problem(place, now=database_now())


def test_stops_since_the_backup_are_told_again(cast: Cast) -> None:
    exercise, _ = build.live(cast, slot_offset_s=600)
    before = AuditEntry.objects.count()
    stop_all(actor=cast.actor("lead"), exercise=exercise)
    look_back()
    restore(without=AuditEntry.objects.count() - before)
    Exercise.objects.update(stopped_at=None)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE exercises_runevent DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM exercises_runevent WHERE kind = 'stop.all'")
        cursor.execute("ALTER TABLE exercises_runevent ENABLE TRIGGER USER")
    assert look_back() is not None
    exercise.refresh_from_db()
    assert exercise.stopped_at is not None


@pytest.mark.django_db(transaction=True)
def test_the_sentinel_looks_back_in_each_cycle(cast: Cast, stop_folder: Path) -> None:
    build.account()
    note_tick()
    record(cast.actor("lead"), "exercise.plan", cast.team)
    Watch().cycle()
    (stop_folder / FILE).write_text('{"seq": 99, "hash": "of what was lost"}')
    Watch().cycle()
    assert Recovery.objects.filter(confirmed_at__isnull=True).count() == 1


def test_pages_say_so_and_the_lead_lets_starts_go_on(client: Client, cast: Cast) -> None:
    exercise, _ = build.live(cast)
    recovery = Recovery.objects.create(detected_at=database_now(), because="Entry 7 is gone.")
    AccountRegion.objects.update(
        foreign=[{"ref": "EXP1", "status": "running", "run_id": "6c0b6f0e"}]
    )
    line = next(
        each
        for each in readiness_of(exercise, now=database_now())
        if each.key == "account.unwatched"
    )
    assert line.status == "fail"
    assert "went back" in line.detail
    client.force_login(cast.author)
    assert "went back to an earlier time" in client.get("/").content.decode()
    page = client.get("/stop/").content.decode()
    assert "Entry 7 is gone." in page
    assert "is no run of ours" in page
    assert "A programme lead lets starts go on" in page
    url = f"/stop/restores/{recovery.pk}/confirm/"
    assert client.post(url).status_code == 403
    client.force_login(cast.lead)
    assert "Let starts go on" in client.get("/stop/").content.decode()
    assert client.post(url).status_code == 302
    assert "went back" not in client.get("/stop/").content.decode()


def test_a_first_look_that_is_under_way_is_no_failure(cast: Cast) -> None:
    exercise, _ = build.live(cast)

    def line() -> tuple[str, str]:
        item = next(
            each
            for each in readiness_of(exercise, now=database_now())
            if each.key == "account.unwatched"
        )
        return item.status, item.detail

    AccountRegion.objects.update(scanned_at=None, due_at=database_now())
    assert line() == ("pending", "account-111 eu-central-1 is being looked at.")
    AccountRegion.objects.update(due_at=database_now() - timedelta(minutes=2))
    assert line()[0] == "fail"
    assert "was not looked at" in line()[1]
