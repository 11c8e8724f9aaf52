"""The sentinel drives every stop to its end and does what is due while Celery is silent."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command
from django.db import connection

from exercises.aws.heartbeat import beat
from exercises.domain.errors import EngineError
from exercises.domain.plans import AccountAccess
from exercises.engines import fis
from exercises.management.commands.sentinel import _bound
from exercises.models import AccountRegion, Exercise, Run, RunEvent, SignOfLife
from exercises.models.due_work import database_now
from exercises.services import sentinel
from exercises.services.due_work import note_tick
from exercises.services.sentinel import StopDriver, Watch, celery_is_silent
from exercises.services.stop_targets import write_down_targets
from exercises.stopping.journal import Journal
from exercises.stopping.orders import Receipt, Scope, StopOrder
from exercises.stopping.targets import read_targets
from tests import build
from tests.cast import Cast
from tests.drive import fresh, until

if TYPE_CHECKING:
    from simulator.server import Simulator

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def hands_at_rest(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a watch has in hand when its test is over would hold on to tables that are emptied."""
    made: list[ThreadPoolExecutor] = []

    class Hands(ThreadPoolExecutor):
        def __init__(self, **of: Any) -> None:
            super().__init__(**of)
            made.append(self)

    monkeypatch.setattr(sentinel, "ThreadPoolExecutor", Hands)
    yield
    for hands in made:
        hands.shutdown()


def asked(cast: Cast, exercise: Exercise) -> StopOrder:
    return StopOrder(
        Scope.EXERCISE, exercise.slug, cast.operator.name, cast.operator.pk, "page", "smoke"
    )


def test_a_stop_that_only_the_journal_knows_is_carried_out_and_told(
    scene: tuple[Exercise, Run], cast: Cast, journal: Journal
) -> None:
    exercise, run = scene
    journal.open(asked(cast, exercise), [])
    driver, watch = StopDriver(), Watch()
    assert driver.cycle() == 1
    (entry,) = journal.under_way()
    assert set(entry.targets) == {run.experiment_ref}
    note_tick()
    watch.cycle()
    exercise.refresh_from_db()
    assert exercise.stopped_at is not None
    event = RunEvent.objects.get(run=run, kind="stop.requested")
    assert (event.author, event.at) == (cast.operator, entry.order.at)

    def is_over() -> bool:
        driver.cycle()
        watch.cycle()
        return not journal.under_way()

    until(is_over)
    assert fresh(run).state == "stopped"
    assert len(list((journal.folder / "done").iterdir())) == 1


def test_a_stop_is_asked_again_until_aws_takes_it(
    scene: tuple[Exercise, Run], cast: Cast, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    exercise, run = scene
    journal.open(asked(cast, exercise), list(read_targets(journal.folder).targets))

    def no_answer(self: fis.FisEngine, access: object, ref: str) -> object:
        raise EngineError("connect timeout", outcome="unknown", retryable=True)

    driver = StopDriver()
    with monkeypatch.context() as patch:
        patch.setattr(fis.FisEngine, "stop", no_answer)
        driver.cycle()
    (entry,) = journal.under_way()
    assert entry.problems == {run.experiment_ref: "connect timeout"}
    driver.cycle()
    (entry,) = journal.under_way()
    assert entry.status[run.experiment_ref] in {"stopping", "stopped"}


def test_telling_the_database_twice_is_telling_it_once(
    scene: tuple[Exercise, Run], cast: Cast, journal: Journal
) -> None:
    exercise, _ = scene
    entry = journal.open(asked(cast, exercise), [])
    note_tick()
    Watch().cycle()
    entry.path.write_text(entry.path.read_text().replace('"told"', '"torn"'))
    Watch().cycle()
    assert RunEvent.objects.filter(kind__in=["stop.all", "stop.requested"]).count() == 2


def test_a_stop_of_what_nobody_knows_is_put_away(cast: Cast, journal: Journal) -> None:
    for what in ("6c0b6f0e-1111-4222-8333-000000000000", "EXP123"):
        journal.open(StopOrder(Scope.RUN, what, "Somebody", None, "cli"), [])
    note_tick()
    Watch().cycle()
    assert journal.under_way() == []


def test_a_stop_that_the_database_does_not_take_keeps_no_other_and_no_heartbeat_from_it(
    scene: tuple[Exercise, Run], cast: Cast, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What PostgreSQL cannot store, and a file of another version: each is for itself."""
    exercise, _ = scene
    (target,) = read_targets(journal.folder).targets
    first = journal.open(asked(cast, exercise), [target])
    first.add_receipts([Receipt(target, is_accepted=False, status="", message="no\0answer")])
    (journal.folder / "20260101T000000-x.jsonl").write_text('{"line": "order", "order": {}}\n')
    later = journal.open(asked(cast, exercise), [])
    beaten: list[str] = []
    monkeypatch.setattr(Watch, "_beat", lambda self: beaten.append("beat"))
    note_tick()
    Watch().cycle()
    told = {entry.order.id: entry.is_told for entry in journal.under_way()}
    assert told[later.order.id]
    assert not told[first.order.id]
    assert beaten == ["beat"]


def test_celery_is_silent_when_no_tick_was_carried_out_lately(db: None) -> None:
    assert celery_is_silent()
    note_tick()
    assert not celery_is_silent()
    late = database_now() - timedelta(seconds=sentinel.SILENT_AFTER_S + 1)
    SignOfLife.objects.update(at=late)
    assert celery_is_silent()


def test_while_celery_is_silent_runs_start_by_the_sentinel(cast: Cast, estate: Simulator) -> None:
    _, run = build.live(cast)
    watch = Watch()

    def started() -> bool:
        watch.cycle()
        return fresh(run).state == "running"

    until(started)
    assert fresh(run).experiment_ref


def test_the_heartbeat_is_sent_only_where_somebody_watches(
    cast: Cast, estate: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched, unwatched = build.account("111111111111"), build.account("222222222222")
    now = database_now()
    AccountRegion.objects.filter(pk=watched.pk).update(scanned_at=now, due_at=None)
    old = now - timedelta(seconds=sentinel.FRESH_S + 1)
    AccountRegion.objects.filter(pk=unwatched.pk).update(scanned_at=old, due_at=None)
    beaten: list[str] = []

    def noted(access: AccountAccess) -> None:
        beaten.append(access.account_id)
        beat(access)

    monkeypatch.setattr(sentinel, "beat", noted)
    note_tick()
    Watch().cycle()
    assert beaten == ["111111111111"]


def test_the_list_of_targets_follows_the_database(
    scene: tuple[Exercise, Run], stop_folder: Path
) -> None:
    exercise, run = scene
    known = read_targets(stop_folder)
    assert [each.slug for each in known.exercises] == [exercise.slug]
    assert [each.ref for each in known.targets] == [run.experiment_ref]
    assert not write_down_targets()
    Run.objects.filter(pk=run.pk).update(experiment_ref="")
    assert write_down_targets()
    assert read_targets(stop_folder).targets == ()


def test_what_the_command_wrote_is_imported(
    scene: tuple[Exercise, Run], tmp_path: Path, stop_folder: Path, capsys: Any
) -> None:
    _, run = scene
    by_hand = Journal(tmp_path / "by-hand")
    order = StopOrder(Scope.RUN, str(run.pk), "root (chaosplane stop)", None, "cli")
    by_hand.open(order, read_targets(stop_folder).targets)
    call_command("import_stops", str(tmp_path / "by-hand"))
    assert "1 imported, 0 of runs" in capsys.readouterr().out
    event = RunEvent.objects.get(run=run, kind="stop.requested")
    assert event.source == "root (chaosplane stop)"
    assert by_hand.under_way() == []


@pytest.mark.django_db
def test_no_statement_of_the_sentinel_lasts_longer_than_its_limit() -> None:
    _bound(connection)
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("15s",)
        cursor.execute("RESET statement_timeout")
