"""A stop is never lost: whatever waits never starts, whatever runs is rolled back
(invariants 3 and 4)."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from exercises.aws.fleet import application_nodes
from exercises.domain.errors import EngineError, NotAllowed
from exercises.domain.plans import AccountAccess
from exercises.engines import fis
from exercises.models import CleanUp, Exercise, Experiment, Run, RunEvent
from exercises.models.due_work import database_now
from exercises.queries.start_gate import refusals
from exercises.services.run_changes import record_stop_progress
from exercises.services.stop import stop_all, stop_run
from tests import build
from tests.cast import Cast
from tests.drive import fresh, until, work_off

if TYPE_CHECKING:
    from simulator.server import Simulator

pytestmark = pytest.mark.django_db
ROLLED_BACK = "stop.rolled_back"


def running(cast: Cast) -> tuple[Exercise, Run]:
    exercise, run = build.live(cast)
    until(lambda: any(n["state"] != "running" for n in fresh(run).fleet))
    return exercise, fresh(run)


def fleet_states() -> set[str]:
    return {node.state for node in application_nodes(build.account().access, "mqtt-broker")}


def test_stop_brings_every_instance_back(cast: Cast, estate: Simulator) -> None:
    exercise, run = running(cast)
    assert fleet_states() != {"running"}
    (outcome,) = stop_all(actor=cast.actor("outsider"), exercise=exercise)
    assert outcome.accepted
    until(lambda: fresh(run).state == "stopped")
    until(lambda: fleet_states() == {"running"})
    until(lambda: RunEvent.objects.filter(run=run, kind="stop.verified").exists())
    kinds = RunEvent.objects.filter(run=run, kind__startswith="stop.").values_list(
        "kind", flat=True
    )
    assert list(kinds.order_by("at", "id")) == [
        "stop.requested",
        "stop.accepted",
        "stop.rolled_back",
        "stop.verified",
    ]


def test_without_instances_rolled_back_is_that_nothing_is_left_changed(cast: Cast) -> None:
    _, run = build.live(cast)
    now = database_now()
    for changes in (
        {"state": "starting", "due_at": None},
        {"state": "running", "started_at": now, "stop_requested_at": now},
        {"state": "stopping", "engine_status": "stopping"},
        {"state": "stopped", "engine_status": "stopped", "ended_at": now},
    ):
        Run.objects.filter(pk=run.pk).update(**changes)
    clean_up = CleanUp.objects.create(run=run, state="looking")

    def steps() -> set[str]:
        record_stop_progress(fresh(run), now=now, is_fleet_seen=True)
        return set(run.events.values_list("kind", flat=True)) & {"stop.accepted", ROLLED_BACK}

    assert steps() == {"stop.accepted"}
    CleanUp.objects.filter(pk=clean_up.pk).update(state="clean")
    assert steps() == {"stop.accepted", ROLLED_BACK}
    assert "nothing is left changed" in run.events.get(kind=ROLLED_BACK).text


def test_a_stopped_exercise_starts_nothing_more(cast: Cast, estate: Simulator) -> None:
    exercise, run = build.live(cast, slot_offset_s=0)
    stop_all(actor=cast.actor("author"), exercise=exercise)
    assert fresh(run).state == "cancelled"
    work_off(ahead_s=60)
    assert fresh(run).experiment_ref == ""


def test_what_is_sent_to_a_stopped_exercise_later_does_not_start(cast: Cast) -> None:
    exercise, run = build.live(cast)
    Exercise.objects.filter(pk=exercise.pk).update(stopped_at=database_now())
    found = refusals(fresh(run), now=run.scheduled_at, target_count=1)
    assert "stop.requested" in {refusal.rule for refusal in found}


def test_stopping_twice_is_stopping_once(cast: Cast, estate: Simulator) -> None:
    _, run = running(cast)
    stop_run(actor=cast.actor("author"), run=run)
    first = fresh(run).stop_requested_at
    assert stop_run(actor=cast.actor("lead"), run=run).accepted
    assert fresh(run).stop_requested_at == first
    assert RunEvent.objects.filter(run=run, kind="stop.requested").count() == 1


def test_a_stop_that_aws_did_not_take_is_asked_again_until_it_does(
    cast: Cast, estate: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, run = running(cast)

    def no_answer(self: fis.FisEngine, access: object, ref: str) -> object:
        raise EngineError("connect timeout", outcome="unknown", retryable=True)

    with monkeypatch.context() as patch:
        patch.setattr(fis.FisEngine, "stop", no_answer)
        assert not stop_run(actor=cast.actor("author"), run=run).accepted
    assert fresh(run).stop_requested_at is not None
    until(lambda: fresh(run).state == "stopped")
    until(lambda: fleet_states() == {"running"})


def test_a_stop_between_the_intent_and_the_answer_stops_what_then_started(
    cast: Cast, estate: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    exercise, run = build.live(cast)
    ask = fis.FisEngine.start

    def stop_meanwhile(self: fis.FisEngine, access: object, order: object) -> object:
        started = ask(self, access, order)  # type: ignore[arg-type]
        stop_all(actor=cast.actor("author"), exercise=exercise)
        return started

    with monkeypatch.context() as patch:
        patch.setattr(fis.FisEngine, "start", stop_meanwhile)
        work_off()
    until(lambda: fresh(run).state == "stopped")
    until(lambda: fleet_states() == {"running"})
    assert not run.events.filter(kind="run.running").exists()  # nobody is told that it goes on


def test_everyone_in_the_room_may_stop_and_nobody_outside_it(cast: Cast, estate: Simulator) -> None:
    exercise, run = build.live(cast)
    Exercise.objects.filter(pk=exercise.pk).update(kind="self_service")
    with pytest.raises(NotAllowed):
        stop_run(actor=cast.actor("outsider"), run=fresh(run))
    assert stop_run(actor=cast.actor("author"), run=fresh(run)).accepted


def test_an_account_that_does_not_answer_keeps_no_other_stop_waiting(
    cast: Cast, estate: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    exercise, _ = build.live(cast, parameters={"minutes": 30})
    Exercise.objects.update(slug="earlier")
    place = build.account("222222222222")
    elsewhere = build.deployment(cast, slug="ci-runners", place=place)
    _, there = build.live(cast, deployment=elsewhere, parameters={"minutes": 30})
    work_off()
    Experiment.objects.filter(pk=there.experiment_id).update(exercise=exercise)
    exercise.refresh_from_db()
    both = threading.Barrier(2, timeout=20)
    ask = fis.FisEngine.stop

    def together(self: fis.FisEngine, access: AccountAccess, ref: str) -> object:
        both.wait()
        return ask(self, access, ref)

    monkeypatch.setattr(fis.FisEngine, "stop", together)
    outcomes = stop_all(actor=cast.actor("author"), exercise=exercise)
    assert [outcome.accepted for outcome in outcomes] == [True, True]
