"""A run starts once, approved, or not at all (invariants 1, 2, 3 and 10)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from exercises.domain.engine_values import StartOrder
from exercises.domain.errors import Conflict, EngineError
from exercises.domain.plans import AccountAccess
from exercises.engines import fis
from exercises.models import (
    AccountRegion,
    Decision,
    FreezeWindow,
    Membership,
    Run,
    RunEvent,
)
from exercises.models.due_work import claim, database_now
from exercises.services import start, start_steps
from exercises.services.settle_starts import settle_start
from exercises.services.start import start_run
from exercises.services.stop import stop_run
from exercises.services.webhooks import add_endpoint
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


def test_a_webhook_that_is_asked_and_does_not_answer_lets_nothing_start(
    cast: Cast, estate: Simulator
) -> None:
    add_endpoint(
        actor=cast.actor("owner"),
        url="https://localhost/",
        events=[],
        description="Change calendar",
        team=cast.team,
        is_asked=True,
    )
    _, run = build.live(cast)
    work_off()
    run = fresh(run)
    assert run.state == "skipped"
    assert "Change calendar does not allow this start: localhost is" in run.state_reason
    assert experiments_in_account() == []


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
    Membership.objects.filter(user=cast.owner).delete()  # asked again, the gate would refuse
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


def test_a_template_that_was_changed_right_after_it_was_provisioned_starts_nothing(
    cast: Cast, estate: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    from exercises.aws.sessions import Purpose, client

    _, run = build.live(cast)
    provision = fis.FisEngine.provision

    def changed_meanwhile(self: fis.FisEngine, access: AccountAccess, *args: Any) -> str:
        ref = provision(self, access, *args)
        client(access, "fis", Purpose.START).update_experiment_template(
            id=ref, stopConditions=[{"source": "none"}]
        )
        return ref

    monkeypatch.setattr(fis.FisEngine, "provision", changed_meanwhile)
    work_off()
    assert "is not what was approved" in fresh(run).state_reason
    assert (fresh(run).state, experiments_in_account()) == ("skipped", [])


def test_every_decision_counts_for_the_digest_that_runs(cast: Cast, estate: Simulator) -> None:
    _, run = build.live(cast)
    assert set(Decision.objects.values_list("digest", flat=True)) == {run.revision.digest}
    until(lambda: fresh(run).state == "running")


def cannot(error: EngineError) -> Callable[..., object]:
    """An engine's method that always fails so."""

    def fail(self: fis.FisEngine, *args: object) -> object:
        raise error

    return fail


UNREACHABLE = EngineError("AWS could not be reached", outcome="none", retryable=True)
DENIED = EngineError("access denied", outcome="none", retryable=False)
NO_ANSWER = EngineError("read timeout", outcome="unknown", retryable=True)


def test_a_missed_slot_is_skipped_though_the_account_cannot_be_reached(
    cast: Cast, estate: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, run = build.live(cast)
    Run.objects.filter(pk=run.pk).update(scheduled_at=database_now() - timedelta(minutes=6))
    monkeypatch.setattr(fis.FisEngine, "provision", cannot(UNREACHABLE))
    assert "missed" in skipped_because(run)


def test_an_account_that_is_not_ready_is_said_once_and_not_at_each_attempt(
    cast: Cast, estate: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, run = build.live(cast)
    with monkeypatch.context() as patch:
        patch.setattr(fis.FisEngine, "provision", cannot(UNREACHABLE))
        for _ in range(3):
            work_off(ahead_s=5)
    assert RunEvent.objects.filter(run=run, kind="run.postponed").count() == 1
    work_off(ahead_s=5)
    assert (fresh(run).state, fresh(run).state_reason) == ("running", "")


def test_a_stop_after_the_intent_keeps_the_start_from_being_asked_for(
    cast: Cast, estate: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, run = build.live(cast)
    write_intent = start._write_intent

    def stop_then(*args: Any) -> Run | None:
        intent = write_intent(*args)
        stop_run(actor=cast.actor("author"), run=fresh(run))
        return intent

    monkeypatch.setattr(start, "_write_intent", stop_then)
    work_off()
    assert (fresh(run).state, fresh(run).asked_at is None) == ("cancelled", False)
    assert experiments_in_account() == []


def test_what_aws_says_to_the_second_request_does_not_settle_the_first(
    cast: Cast, estate: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first request started it, and the list of AWS does not show it yet."""
    _, run = build.live(cast)
    ask = fis.FisEngine.start

    def answer_is_lost(self: fis.FisEngine, access: Any, order: StartOrder) -> object:
        ask(self, access, order)
        raise NO_ANSWER

    with monkeypatch.context() as patch:
        patch.setattr(fis.FisEngine, "start", answer_is_lost)
        work_off()
    with monkeypatch.context() as patch:
        patch.setattr(fis.FisEngine, "find", lambda *args: None)
        patch.setattr(fis.FisEngine, "start", cannot(DENIED))
        work_off(ahead_s=5)
    assert fresh(run).state == "start_unknown"
    work_off(ahead_s=5)
    assert fresh(run).state == "running"


def test_a_start_that_aws_refuses_for_certain_has_failed(
    cast: Cast, estate: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, run = build.live(cast)
    monkeypatch.setattr(fis.FisEngine, "start", cannot(DENIED))
    work_off()
    assert fresh(run).state == "failed"
    assert claim(Run.objects.filter(due_at__isnull=False), ahead_s=5) == []


def test_a_start_that_came_after_its_permission_asks_the_gate_again(
    cast: Cast, estate: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, run = build.live(cast)
    with monkeypatch.context() as patch:
        patch.setattr(start_steps, "START_WITHIN", timedelta(0))
        work_off()
    assert (fresh(run).state, experiments_in_account()) == ("start_unknown", [])
    until(lambda: fresh(run).state == "running")
    assert len(experiments_in_account()) == 1


def test_what_was_never_found_is_given_up_and_not_asked_for_again(
    cast: Cast, estate: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, run = build.live(cast)
    with monkeypatch.context() as patch:
        patch.setattr(fis.FisEngine, "start", cannot(NO_ANSWER))
        work_off()
    long_ago = database_now() - timedelta(minutes=6)
    Run.objects.filter(pk=run.pk).update(scheduled_at=long_ago, asked_at=long_ago)
    work_off(ahead_s=5)
    assert (fresh(run).state, experiments_in_account()) == ("cancelled", [])


def test_nothing_starts_in_an_account_that_nobody_looks_at(cast: Cast, estate: Simulator) -> None:
    _, run = build.live(cast)
    old = database_now() - timedelta(minutes=6)
    AccountRegion.objects.update(scanned_at=old)
    assert "was not looked at" in skipped_because(run)


def test_nothing_starts_beside_an_experiment_that_only_carries_our_tag(
    cast: Cast, estate: Simulator
) -> None:
    _, run = build.live(cast)
    AccountRegion.objects.update(
        foreign=[{"ref": "EXPunknown", "status": "running", "run_id": "a-run-of-before"}]
    )
    assert "EXPunknown" in skipped_because(run)
