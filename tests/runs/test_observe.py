"""What is wrong with one run, one role or one answer costs nothing but itself."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from exercises.aws.sessions import Purpose, client
from exercises.domain.engine_values import Observation, StartOrder, StopReceipt, Watch
from exercises.domain.errors import EngineError
from exercises.domain.observation_pace import QUICK_S, RARE_S
from exercises.domain.plans import AccountAccess
from exercises.engines.fis import FisEngine
from exercises.models import AccountRegion, AuditEntry, Exercise, Finding, Run, RunEvent
from exercises.models.due_work import claim, database_now
from exercises.queries.plans import planned_wall
from exercises.services import judge, look, observe, run_changes
from exercises.services.observe import observe_region
from exercises.services.start import start_run
from simulator.knobs import Knob
from tests import build
from tests.cast import Cast
from tests.drive import fresh, until, work_off

if TYPE_CHECKING:
    from simulator.server import Simulator

pytestmark = pytest.mark.django_db

DENIED = EngineError("Could not read: access denied", outcome="none", retryable=False)


def cannot(*args: object, **kwargs: object) -> Any:
    raise DENIED


def look_again() -> None:
    AccountRegion.objects.update(due_at=database_now())
    work_off()


def settled_since(run: Run, planned_s: float) -> None:
    """As if its recovery had been over for so long."""
    settled = database_now() - planned_wall(planned_s)
    Run.objects.filter(pk=run.pk).update(settle_until=settled)


def two_runs(cast: Cast) -> tuple[Run, Run]:
    """Two experiments under way in one account and Region."""
    place = build.account("222222222222")
    runs = []
    for slug in ("ci-runners", "charging-sessions"):
        where = build.deployment(cast, slug=slug, place=place)
        exercise, run = build.live(
            cast, deployment=where, parameters={"minutes": 30}, title=f"Stop one of {slug}"
        )
        Exercise.objects.filter(pk=exercise.pk).update(slug=f"with-{slug}")
        work_off()
        runs.append(fresh(run))
    assert all(run.experiment_ref for run in runs)
    return runs[0], runs[1]


def seen_by_the_next_look(*runs: Run) -> tuple[bool, ...]:
    before = [fresh(run).observed_at for run in runs]
    look_again()
    return tuple(fresh(run).observed_at != at for run, at in zip(runs, before, strict=True))


@pytest.mark.parametrize("question", ["application_nodes", "read_many", "alarm_states"])
def test_the_state_is_recorded_though_another_answer_is_refused(
    cast: Cast, estate: Simulator, monkeypatch: pytest.MonkeyPatch, question: str
) -> None:
    _, run = build.live(cast)
    monkeypatch.setattr(look, question, cannot)
    until(lambda: fresh(run).state == "completed")
    assert {action["status"] for action in fresh(run).actions} == {"completed"}


def test_the_room_is_told_once_that_aws_cannot_be_read_and_once_that_it_can(
    cast: Cast, estate: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, run = build.live(cast)
    work_off()

    def told() -> list[str]:
        lines = RunEvent.objects.filter(kind__startswith="observe.").order_by("id")
        return list(lines.values_list("kind", flat=True))

    with monkeypatch.context() as patch:
        patch.setattr(look, "application_nodes", cannot)
        for _ in range(3):
            look_again()
        assert "access denied" in AccountRegion.objects.get().scan_problem
        assert told() == ["observe.failed"]
    look_again()
    assert AccountRegion.objects.get().scan_problem == ""
    assert told() == ["observe.failed", "observe.recovered"]
    assert fresh(run).fleet


def test_a_run_that_cannot_be_observed_keeps_no_other_from_it(
    cast: Cast, estate: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, sound = two_runs(cast)
    ask = FisEngine.observe

    def fail_for_one(
        self: FisEngine, access: AccountAccess, watches: list[Watch]
    ) -> list[Observation]:
        if any(watch.ref == broken.experiment_ref for watch in watches):
            raise DENIED
        return list(ask(self, access, watches))

    monkeypatch.setattr(FisEngine, "observe", fail_for_one)
    assert seen_by_the_next_look(broken, sound) == (False, True)


def test_a_run_that_cannot_be_written_keeps_no_other_from_it(
    cast: Cast, estate: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, sound = two_runs(cast)
    note = run_changes.record_alarms

    def fail_for_one(run: Run, told: Any, **when: Any) -> None:
        if run.pk == broken.pk:
            raise KeyError("a plan from another age")
        note(run, told, **when)

    monkeypatch.setattr(observe, "record_alarms", fail_for_one)
    assert seen_by_the_next_look(broken, sound) == (False, True)
    place = AccountRegion.objects.get(pk=sound.experiment.deployment.place_id)
    assert "another age" in place.scan_problem


def test_a_stop_that_aws_refuses_keeps_no_other_from_being_stopped(
    cast: Cast, estate: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, sound = two_runs(cast)
    ask = FisEngine.stop

    def refuse_one(self: FisEngine, access: AccountAccess, ref: str) -> StopReceipt:
        if ref == broken.experiment_ref:
            raise DENIED
        return ask(self, access, ref)

    monkeypatch.setattr(FisEngine, "stop", refuse_one)
    for run in (broken, sound):
        Run.objects.filter(pk=run.pk).update(stop_requested_at=database_now())
    until(lambda: fresh(sound).state == "stopped")
    assert fresh(broken).state == "running"


def test_what_was_seen_before_is_not_written_over_what_was_seen_since(
    cast: Cast, estate: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, run = build.live(cast)
    seen: list[look.Seen] = []
    ask = look.look

    def remember(*args: Any, **kwargs: Any) -> look.Seen:
        seen.append(ask(*args, **kwargs))
        return seen[-1]

    with monkeypatch.context() as patch:
        patch.setattr(observe, "look", remember)
        until(lambda: bool(fresh(run).actions))
    until(lambda: fresh(run).state == "completed")
    # Whether anything is left is looked at beside this, sooner or later.
    told = RunEvent.objects.exclude(kind__startswith="cleanup.")
    before = told.count(), fresh(run).engine_status
    with monkeypatch.context() as patch:
        patch.setattr(observe, "look", lambda *args, **kwargs: seen[-1])
        look_again()
    assert (told.count(), fresh(run).engine_status) == before


def test_what_runs_otherwise_than_approved_is_stopped(
    cast: Cast, estate: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody changes the template between our look at it and the start."""
    _, run = build.live(cast)
    ask = FisEngine.start

    def change_first(self: FisEngine, access: AccountAccess, order: StartOrder) -> Observation:
        action = run.revision.plan["definition"]["actions"]["Stop-one"]
        longer = {"Stop-one": action | {"parameters": {"startInstancesAfterDuration": "PT12H"}}}
        client(access, "fis", Purpose.START).update_experiment_template(
            id=order.template_ref, actions=longer
        )
        return ask(self, access, order)

    monkeypatch.setattr(FisEngine, "start", change_first)
    until(lambda: fresh(run).state == "stopped")
    line = RunEvent.objects.get(run=run, kind="stop.requested")
    assert "not what was approved" in line.text
    assert "PT12H" in line.text


def test_what_ran_otherwise_and_was_over_before_it_was_seen_is_said_and_proves_nothing(
    cast: Cast, estate: Simulator
) -> None:
    _, run = build.live(cast, parameters={"minutes": 1})
    estate.knobs.add(Knob("change_template", "StartExperiment", count=1))
    for due in claim(Run.objects.filter(pk=run.pk), ahead_s=2.0):
        start_run(run_id=str(due.pk), fence=due.fence)
    ended_by = database_now() + planned_wall(120)
    while database_now() < ended_by:
        time.sleep(0.1)
    until(lambda: fresh(run).judged_at is not None)
    assert fresh(run).state == "completed"
    assert RunEvent.objects.filter(run=run, kind="run.unapproved").count() == 1
    assert AuditEntry.objects.filter(action="run.unapproved", object_id=str(run.pk)).exists()
    assert fresh(run).verdict_reason == "What ran was not what was approved."
    finding = Finding.objects.get(run=run)
    assert finding.title == "Mqtt Broker: what ran in Stop one broker was not what was approved"
    assert "stopConditions" in finding.body


def test_what_runs_as_approved_is_left_to_run(cast: Cast, estate: Simulator) -> None:
    _, run = build.live(cast)
    until(lambda: fresh(run).state == "completed")
    assert fresh(run).stop_requested_at is None


def test_a_verdict_waits_while_the_measurements_cannot_be_read(
    cast: Cast, estate: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, run = build.live(cast)
    with monkeypatch.context() as patch:
        patch.setattr(look, "read_many", cannot)
        until(lambda: fresh(run).settle_until is not None)
        settled = fresh(run).settle_until
        assert settled is not None
        until(lambda: database_now() > settled + planned_wall(judge.LATE_S + 60))
        look_again()
        assert fresh(run).judged_at is None
    look_again()
    assert fresh(run).judged_at is not None
    assert fresh(run).samples.exists()
    assert "no data" not in fresh(run).verdict_reason


def test_a_verdict_does_not_wait_for_ever_for_what_the_engine_knows(
    cast: Cast, estate: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, run = build.live(cast)
    monkeypatch.setattr(FisEngine, "archive", cannot)
    until(lambda: fresh(run).settle_until is not None)
    settled_since(run, judge.LATE_S + 60)
    look_again()
    assert fresh(run).judged_at is None
    settled_since(run, judge.PATIENCE_S)
    look_again()
    assert fresh(run).judged_at is not None
    assert fresh(run).archive == {}


def test_what_the_engine_knows_of_an_ended_run_is_asked_for_once(
    cast: Cast, estate: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, run = build.live(cast)
    asked: list[str] = []
    ask = FisEngine.archive

    def count(self: FisEngine, access: AccountAccess, ref: str) -> object:
        asked.append(ref)
        return ask(self, access, ref)

    monkeypatch.setattr(FisEngine, "archive", count)
    until(lambda: fresh(run).settle_until is not None)
    settled_since(run, judge.LATE_S)
    look_again()
    assert fresh(run).judged_at is not None
    assert asked == [fresh(run).experiment_ref]


def test_a_region_whose_claim_is_stale_is_not_looked_at(
    cast: Cast, estate: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    build.live(cast)
    work_off()
    AccountRegion.objects.update(due_at=database_now())
    (place,) = claim(AccountRegion.objects.all())
    monkeypatch.setattr(observe, "look", cannot)
    observe_region(region_id=place.pk, fence=place.fence - 1)
    place.refresh_from_db()
    assert place.lease_until is not None, "the claim of the other worker stands"


def test_a_region_is_due_sooner_where_something_is_about_to_happen(
    cast: Cast, settings: Any
) -> None:
    settings.CHAOSPLANE_OBSERVE_INTERVAL_S = 20
    _, run = build.live(cast, parameters={"minutes": 30})
    place, now = run.experiment.deployment.place, database_now()
    assert observe._pace(place, now) == RARE_S
    mine = Run.objects.filter(pk=run.pk)
    mine.update(state="starting")
    mine.update(state="running", experiment_ref="EXP1", started_at=now - timedelta(minutes=5))
    assert observe._pace(place, now) == 20
    assert observe._pace(place, now + timedelta(minutes=25)) == QUICK_S, "its action ends"
    mine.update(stop_requested_at=now)
    assert observe._pace(place, now) == QUICK_S
