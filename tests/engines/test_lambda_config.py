"""Faults by configuration: set once, put back whatever happens, and never over another's value."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from exercises.domain.engine_documents import LAMBDA_CONFIG
from exercises.domain.engine_values import EngineStatus, Watch
from exercises.domain.errors import EngineError, TemplateChanged
from exercises.domain.lambda_leases import lease_name
from exercises.domain.plans import AccountAccess
from exercises.engines import lambda_parameters
from exercises.engines.lambda_config import LambdaConfigEngine
from exercises.stopping import stopper
from tests.lambda_definitions import NAME, slow
from tests.lambda_hand import Hand

if TYPE_CHECKING:
    from simulator.server import Simulator

FAULT = '{"fault_type":"latency","is_enabled":true,"delay":1500,"rate":1}'


def test_the_functions_that_read_the_parameter_are_what_would_be_hit(hand: Hand) -> None:
    [target] = hand.engine.preview(hand.access, slow())

    assert (target.label, target.target_name) == ("media-search", NAME)


def test_a_start_sets_the_fault_and_its_end_puts_back_what_was_there(hand: Hand) -> None:
    hand.value = '{"is_enabled": false}'
    began = hand.start()
    assert (began.status, hand.value) == (EngineStatus.RUNNING, FAULT)

    hand.passes(601)
    ending = hand.seen(began.ref)
    assert (ending.status, hand.value) == (EngineStatus.RUNNING, '{"is_enabled": false}')
    assert [action.status for action in ending.actions] == ["stopping"]

    hand.passes(60)
    over = hand.seen(began.ref)
    assert over.status is EngineStatus.COMPLETED
    assert over.ended_at == hand.now


def test_the_same_order_again_is_the_same_experiment_and_writes_nothing(hand: Hand) -> None:
    order = hand.order()
    hand.start(order)
    version = hand.ssm.get_parameter(Name=NAME)["Parameter"]["Version"]

    again = hand.start(order)

    assert again.ref == f"lease-{order.run_id}"
    assert hand.ssm.get_parameter(Name=NAME)["Parameter"]["Version"] == version
    assert hand.engine.find(hand.access, order.template_ref, order.run_id) == again.ref


def test_a_stop_puts_back_at_once_and_is_stopping_until_no_function_can_feel_it(
    hand: Hand,
) -> None:
    ref = hand.start().ref

    taken = hand.engine.stop(hand.access, ref)
    assert (taken.status, hand.value) == (EngineStatus.STOPPING, "{}")
    assert "60 s" in taken.reason

    hand.passes(61)
    assert hand.seen(ref).status is EngineStatus.STOPPED
    assert hand.engine.stop(hand.access, ref).status is EngineStatus.STOPPED


def test_a_stop_needs_neither_database_nor_queue(hand: Hand) -> None:
    """The product's own path, which the page, the sentinel and break glass take."""
    ref = hand.start().ref
    [found], problems = stopper.discover([hand.access], patience_s=20)
    assert (found.ref, found.engine, problems) == (ref, LAMBDA_CONFIG, [])

    [receipt] = stopper.stop([found], patience_s=20)

    assert (receipt.is_accepted, receipt.status, hand.value) == (True, "stopping", "{}")


def test_an_expired_lease_ends_though_nobody_watches_its_run(hand: Hand) -> None:
    ref = hand.start().ref
    assert hand.engine.expire(hand.access) == []

    hand.passes(601)
    assert hand.engine.expire(hand.access) == [ref]
    assert hand.value == "{}"
    assert hand.engine.expire(hand.access) == []


def test_an_old_lease_is_forgotten_once_it_is_over(hand: Hand) -> None:
    ref = hand.start().ref
    hand.engine.stop(hand.access, ref)

    hand.passes(8 * 86_400)
    hand.engine.expire(hand.access)

    assert hand.engine.observe(hand.access, [Watch(ref, None, full=True)]) == []


def test_what_somebody_else_wrote_meanwhile_is_left_and_said(hand: Hand) -> None:
    ref = hand.start().ref
    hand.value = '{"is_enabled": false, "by": "somebody"}'

    [difference] = hand.seen(ref, approved=slow()).differences
    assert difference.endswith("is not what was approved")
    hand.passes(601)
    hand.seen(ref)
    hand.passes(60)
    over = hand.seen(ref)

    assert hand.value == '{"is_enabled": false, "by": "somebody"}'
    assert over.status is EngineStatus.FAILED
    assert "left as it is" in over.reason


def test_a_write_in_the_very_moment_of_putting_back_survives(
    hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = hand.start().ref
    put = lambda_parameters.overwrite

    def overtaken(ssm: Any, access: AccountAccess, name: str, value: str) -> int:
        if name == NAME and value == "{}":
            monkeypatch.undo()
            hand.value = '{"is_enabled": false, "by": "somebody"}'
        return put(ssm, access, name, value)

    monkeypatch.setattr(lambda_parameters, "overwrite", overtaken)
    taken = hand.engine.stop(hand.access, ref)

    assert hand.value == '{"is_enabled": false, "by": "somebody"}'
    assert "in that moment" in taken.reason


def test_a_write_in_the_very_moment_of_a_start_ends_it_and_survives(
    hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = lambda_parameters.overwrite

    def overtaken(ssm: Any, access: AccountAccess, name: str, value: str) -> int:
        if value == FAULT:
            monkeypatch.undo()
            hand.value = '{"is_enabled": false, "by": "somebody"}'
        return put(ssm, access, name, value)

    order = hand.order()
    monkeypatch.setattr(lambda_parameters, "overwrite", overtaken)
    began = hand.start(order)
    hand.passes(3700)

    assert hand.value == '{"is_enabled": false, "by": "somebody"}'
    assert hand.seen(began.ref).status is EngineStatus.FAILED


def test_what_stands_in_the_place_of_a_lease_is_named_and_nothing_is_set(hand: Hand) -> None:
    order = hand.order()
    name = lease_name(f"lease-{order.run_id}")
    hand.ssm.put_parameter(Name=name, Value="no lease", Type="String")

    with pytest.raises(EngineError, match=f"{name}.* it is no lease of ours") as error:
        hand.start(order)

    assert error.value.outcome == "unknown"
    assert hand.value == "{}"
    hand.ssm.delete_parameter(Name=name)


@pytest.mark.parametrize("left", ["", "no lease"])
def test_a_lease_that_goes_while_the_fault_is_set_takes_the_fault_with_it(
    hand: Hand, monkeypatch: pytest.MonkeyPatch, left: str
) -> None:
    order = hand.order()
    name = lease_name(f"lease-{order.run_id}")
    put = lambda_parameters.overwrite

    def lost(ssm: Any, access: AccountAccess, written: str, value: str) -> int:
        version = put(ssm, access, written, value)
        if value == FAULT:
            monkeypatch.undo()
            if left:
                hand.ssm.put_parameter(Name=name, Value=left, Type="String", Overwrite=True)
            else:
                hand.ssm.delete_parameter(Name=name)
        return version

    monkeypatch.setattr(lambda_parameters, "overwrite", lost)
    began = hand.start(order)
    hand.passes(3700)

    assert hand.value == "{}"
    assert hand.seen(began.ref).status is EngineStatus.FAILED


@pytest.mark.parametrize("nth", [0, 1])
def test_a_lost_answer_is_settled_by_the_same_token(
    hand: Hand, joined: Simulator, nth: int
) -> None:
    """The first write is the lease, the second the parameter."""
    from simulator.knobs import Knob

    order = hand.order()
    allowed: list[int] = []
    create, put = lambda_parameters.create, lambda_parameters.overwrite

    def losing(*args: Any) -> Any:
        if len(allowed) == nth:
            joined.knobs.add(Knob("lose_response", "PutParameter", count=1))
        allowed.append(1)
        return (put if args[2] == NAME else create)(*args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lambda_parameters, "create", losing)
        patch.setattr(lambda_parameters, "overwrite", losing)
        patch.setattr(lambda_parameters, "may_write", lambda *_: "")
        with pytest.raises(EngineError) as caught:
            hand.start(order)
    assert caught.value.outcome == "unknown"

    found = hand.engine.find(hand.access, order.template_ref, order.run_id)
    began = hand.start(order)

    assert (found is not None) is (nth == 1)
    assert (began.status, hand.value) == (EngineStatus.RUNNING, FAULT)
    hand.engine.stop(hand.access, began.ref)
    assert hand.value == "{}"


def test_a_start_that_was_broken_off_ends_with_its_lease_and_never_held_the_fault(
    hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = hand.order()
    with monkeypatch.context() as patch:
        patch.setattr(LambdaConfigEngine, "_carry_out", _crash)
        with pytest.raises(RuntimeError):
            hand.start(order)

    assert hand.engine.find(hand.access, order.template_ref, order.run_id) is None
    [lasting] = hand.engine.discover(hand.access)
    assert (lasting.run_id, lasting.exercise) == (order.run_id, "test")
    hand.passes(601)
    hand.engine.expire(hand.access)
    assert len(hand.engine.active(hand.access)) == 1  # a start that hangs may still set it
    hand.passes(3600)

    assert hand.seen(lasting.ref).status is EngineStatus.FAILED
    assert hand.engine.active(hand.access) == []


def _crash(*_: Any) -> None:
    raise RuntimeError("the worker is gone")


def test_a_start_that_hung_until_after_the_stop_is_taken_back(
    hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = hand.order()
    with monkeypatch.context() as patch:
        patch.setattr(LambdaConfigEngine, "_carry_out", _crash)
        with pytest.raises(RuntimeError):
            hand.start(order)
    ref = f"lease-{order.run_id}"
    hand.engine.stop(hand.access, ref)

    hand.value = FAULT  # the worker wakes up and writes
    hand.passes(5)

    assert hand.seen(ref).status is EngineStatus.STOPPING
    assert hand.value == "{}"


def test_a_rehearsal_proves_the_rights_and_changes_no_parameter(hand: Hand) -> None:
    before = hand.ssm.get_parameter(Name=NAME)["Parameter"]["Version"]
    seen = hand.start(hand.order(is_rehearsal=True))

    assert seen.status is EngineStatus.COMPLETED
    assert hand.ssm.get_parameter(Name=NAME)["Parameter"]["Version"] == before
    assert hand.engine.try_stop(hand.access, seen.ref) == (True, "Tried on the rehearsal.")
    assert hand.engine.archive(hand.access, seen.ref).document["outcome"] == "completed"


def test_a_start_that_arrives_too_late_is_refused_by_the_account(hand: Hand) -> None:
    late = hand.order(not_after=datetime.now(UTC) - timedelta(days=1))
    with pytest.raises(EngineError) as caught:
        hand.start(late)

    assert (caught.value.outcome, hand.value) == ("none", "{}")
    assert hand.engine.active(hand.access) == []


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        (FAULT, "holds a fault already"),
        ("not json", "is not of chaos_lambda"),
    ],
)
def test_what_is_not_off_before_is_somebody_elses_and_refused(
    hand: Hand, standing: str, said: str
) -> None:
    hand.value = standing
    with pytest.raises(EngineError, match=said) as caught:
        hand.order()
    assert (caught.value.outcome, caught.value.retryable) == ("none", False)


def test_a_parameter_that_is_not_there_or_is_secret_is_refused(hand: Hand) -> None:
    hand.ssm.put_parameter(Name="/secret", Value="x", Type="SecureString", Overwrite=True)
    entry = slow()["parameters"][0]
    for name, said in (("/nowhere", "no such parameter"), ("/secret", "SecureString")):
        with pytest.raises(EngineError, match=said):
            hand.order(slow(parameters=[{**entry, "name": name}]))


def test_another_definition_than_the_approved_one_does_not_start(hand: Hand) -> None:
    order = hand.order()
    with pytest.raises(TemplateChanged):
        hand.start(replace(order, definition=slow(delay_ms=9)))


def test_the_snapshot_says_what_the_parameters_hold(hand: Hand) -> None:
    before = hand.engine.snapshot(hand.access, slow())
    ref = hand.start().ref
    during = hand.engine.snapshot(hand.access, slow(), before)
    hand.engine.stop(hand.access, ref)

    assert [trace.values["value"] for trace in before.traces] == ["{}"]
    assert [json.loads(trace.values["value"])["delay"] for trace in during.traces] == [1500]
    assert hand.engine.snapshot(hand.access, slow(), before).hash == before.hash
