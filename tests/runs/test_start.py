"""A run starts once, approved, or not at all (invariants 1, 2, 3 and 10)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from exercises.domain.engine_values import StartOrder
from exercises.domain.errors import Conflict, EngineError
from exercises.engines import fis
from exercises.models import Decision, FreezeWindow, Membership, Run
from exercises.models.due_work import claim, database_now
from exercises.services.settle_starts import settle_start
from exercises.services.start import start_run
from tests import build
from tests.cast import Cast
from tests.drive import fresh, until, work_off

if TYPE_CHECKING:
    from simulator.server import Simulator

pytestmark = pytest.mark.django_db


def experiments_in_account() -> list[dict[str, object]]:
    from exercises.aws.sessions import Purpose, client

    access = build.account().access
    listed: list[dict[str, object]] = client(access, "fis", Purpose.READ).list_experiments()[
        "experiments"
    ]
    return listed


def claimed(run: Run) -> Run:
    (mine,) = claim(Run.objects.filter(pk=run.pk), ahead_s=5)
    return mine


def test_a_run_of_a_live_exercise_starts_at_its_slot(cast: Cast, estate: Simulator) -> None:
    _, run = build.live(cast)
    work_off()
    run = fresh(run)
    assert run.state == "running"
    (experiment,) = experiments_in_account()
    assert experiment["id"] == run.experiment_ref


def test_the_same_message_twice_starts_once(cast: Cast, estate: Simulator) -> None:
    _, run = build.live(cast)
    mine = claimed(run)
    for _ in range(3):
        start_run(run_id=str(mine.pk), fence=mine.fence)
    assert len(experiments_in_account()) == 1


def test_a_worker_that_slept_through_its_lease_starts_nothing(
    cast: Cast, estate: Simulator
) -> None:
    _, run = build.live(cast)
    slow = claimed(run)
    Run.objects.filter(pk=run.pk).update(lease_until=database_now() - timedelta(seconds=1))
    fast = claimed(run)
    with pytest.raises(Conflict):
        start_run(run_id=str(slow.pk), fence=slow.fence)
    assert experiments_in_account() == []
    start_run(run_id=str(fast.pk), fence=fast.fence)
    assert len(experiments_in_account()) == 1


def test_a_worker_that_died_after_asking_is_settled_by_finding_the_experiment(
    cast: Cast, estate: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, run = build.live(cast)
    mine = claimed(run)
    ask = fis.FisEngine.start

    def ask_and_die(self: fis.FisEngine, access: object, order: StartOrder) -> object:
        ask(self, access, order)  # type: ignore[arg-type]
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(fis.FisEngine, "start", ask_and_die)
        with pytest.raises(SystemExit):
            start_run(run_id=str(mine.pk), fence=mine.fence)
    assert fresh(run).state == "starting"
    Run.objects.filter(pk=run.pk).update(lease_until=None)
    work_off()
    run = fresh(run)
    assert run.state == "running"
    assert [e["id"] for e in experiments_in_account()] == [run.experiment_ref]


def test_a_lost_answer_is_unknown_until_the_experiment_is_found(
    cast: Cast, estate: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, run = build.live(cast)
    mine = claimed(run)
    ask = fis.FisEngine.start

    def answer_is_lost(self: fis.FisEngine, access: object, order: StartOrder) -> object:
        ask(self, access, order)  # type: ignore[arg-type]
        raise EngineError("read timeout", outcome="unknown", retryable=True)

    with monkeypatch.context() as patch:
        patch.setattr(fis.FisEngine, "start", answer_is_lost)
        start_run(run_id=str(mine.pk), fence=mine.fence)
    assert fresh(run).state == "start_unknown"
    work_off(ahead_s=5)
    assert fresh(run).state == "running"
    assert len(experiments_in_account()) == 1


def test_a_request_that_never_arrived_is_sent_again_with_the_same_token(
    cast: Cast, estate: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, run = build.live(cast)
    mine = claimed(run)

    def nothing_arrives(self: fis.FisEngine, access: object, order: StartOrder) -> object:
        raise EngineError("connection reset", outcome="unknown", retryable=True)

    with monkeypatch.context() as patch:
        patch.setattr(fis.FisEngine, "start", nothing_arrives)
        start_run(run_id=str(mine.pk), fence=mine.fence)
    assert experiments_in_account() == []
    work_off(ahead_s=5)
    assert fresh(run).state == "running"
    assert fresh(run).token == run.token


def test_an_unknown_start_is_not_asked_again_after_a_stop(
    cast: Cast, estate: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, run = build.live(cast)
    mine = claimed(run)

    def nothing_arrives(self: fis.FisEngine, access: object, order: StartOrder) -> object:
        raise EngineError("connection reset", outcome="unknown", retryable=True)

    with monkeypatch.context() as patch:
        patch.setattr(fis.FisEngine, "start", nothing_arrives)
        start_run(run_id=str(mine.pk), fence=mine.fence)
    Run.objects.filter(pk=run.pk).update(stop_requested_at=database_now())
    (again,) = claim(Run.objects.filter(pk=run.pk), ahead_s=5)
    settle_start(run_id=str(again.pk), fence=again.fence)
    assert experiments_in_account() == []


def skipped_because(run: Run) -> str:
    work_off()
    run = fresh(run)
    assert run.state == "skipped"
    assert experiments_in_account() == []
    return run.state_reason


def test_without_a_valid_approval_at_that_moment_nothing_starts(
    cast: Cast, estate: Simulator
) -> None:
    _, run = build.live(cast)
    Membership.objects.filter(user=cast.owner).delete()
    assert "service owner is missing" in skipped_because(run)


def test_a_freeze_that_came_after_go_is_kept(cast: Cast, estate: Simulator) -> None:
    _, run = build.live(cast)
    now = database_now()
    FreezeWindow.objects.create(
        name="Launch", starts_at=now, ends_at=now + timedelta(hours=1), environments=[]
    )
    assert "Launch" in skipped_because(run)


def test_a_missed_slot_is_skipped_never_caught_up(cast: Cast, estate: Simulator) -> None:
    _, run = build.live(cast)
    Run.objects.filter(pk=run.pk).update(
        scheduled_at=database_now() - timedelta(minutes=6), due_at=database_now()
    )
    assert "missed" in skipped_because(run)


def test_more_targets_than_were_approved_start_nothing(cast: Cast, estate: Simulator) -> None:
    _, run = build.live(cast, target_cap=3)
    from exercises.models import Experiment

    Experiment.objects.filter(pk=run.experiment_id).update(target_cap=0)
    assert "at most 0 are approved" in skipped_because(run)


def test_a_template_that_was_changed_in_the_account_starts_nothing(
    cast: Cast, estate: Simulator
) -> None:
    from exercises.aws.sessions import Purpose, client

    _, run = build.live(cast)
    place = run.experiment.deployment.place
    ref = fis.FisEngine().provision(
        place.access, run.revision.plan["definition"], run.revision.digest
    )
    action = run.revision.plan["definition"]["actions"]["Stop-one"]
    action["parameters"] = {"startInstancesAfterDuration": "PT12H"}
    client(place.access, "fis", Purpose.START).update_experiment_template(
        id=ref, actions={"Stop-one": action}
    )
    work_off()
    assert fresh(run).state == "skipped"
    assert experiments_in_account() == []


def test_every_decision_counts_for_the_digest_that_runs(cast: Cast, estate: Simulator) -> None:
    _, run = build.live(cast)
    assert set(Decision.objects.values_list("digest", flat=True)) == {run.revision.digest}
    until(lambda: fresh(run).state == "running")
