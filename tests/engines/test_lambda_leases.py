"""Leases in the account: one that cannot be ended holds up no other, and each can be ended."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from exercises.aws.sessions import Purpose, client
from exercises.domain.errors import EngineError
from exercises.domain.lambda_leases import lease_name
from exercises.domain.plans import AccountAccess
from exercises.engines import lambda_parameters
from tests.lambda_definitions import NAME, slow
from tests.lambda_hand import Hand

if TYPE_CHECKING:
    from simulator.server import Simulator

OTHER = "/media-catalogue/another/chaos"


@pytest.fixture
def other(hand: Hand) -> str:
    """A second parameter that is off; its name sorts before that of the first."""
    hand.ssm.put_parameter(Name=OTHER, Value="{}", Type="String", Overwrite=True)
    return OTHER


def both(*names: str) -> dict[str, Any]:
    entry = slow()["parameters"][0]
    return slow(parameters=[{**entry, "name": name} for name in names])


def refuse(patch: pytest.MonkeyPatch, name: str) -> None:
    """No write to this parameter gets through."""
    put = lambda_parameters.overwrite

    def refusing(ssm: Any, access: AccountAccess, written: str, value: str) -> int:
        if written == name:
            raise EngineError(f"Could not set {name}", outcome="none", retryable=True)
        return put(ssm, access, written, value)

    patch.setattr(lambda_parameters, "overwrite", refusing)


def held(hand: Hand, name: str) -> str:
    return str(hand.ssm.get_parameter(Name=name)["Parameter"]["Value"])


def test_a_parameter_that_cannot_be_put_back_keeps_no_other_from_it(
    hand: Hand, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = hand.start(hand.order(both(other, NAME))).ref
    with monkeypatch.context() as patch:
        refuse(patch, other)
        with pytest.raises(EngineError, match=other):
            hand.engine.stop(hand.access, ref)

    assert hand.value == "{}"
    assert held(hand, other) != "{}"
    [lasting] = hand.engine.discover(hand.access)
    assert lasting.status.value == "running"
    hand.engine.stop(hand.access, ref)
    assert held(hand, other) == "{}"


def test_a_lease_that_cannot_be_ended_keeps_no_other_from_its_end(
    hand: Hand, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand.start(hand.order(both(NAME), run_id="1-is-listed-first"))
    hand.start(hand.order(both(other), run_id="2-is-listed-last"))
    hand.passes(601)
    with monkeypatch.context() as patch:
        refuse(patch, NAME)
        with pytest.raises(EngineError, match=NAME):
            hand.engine.expire(hand.access)

    assert held(hand, other) == "{}"
    assert hand.engine.expire(hand.access) == ["lease-1-is-listed-first"]
    assert hand.value == "{}"


def crowded(hand: Hand, size: int) -> dict[str, Any]:
    """Parameters whose values before, in JSON of their own, take this much room in a lease."""
    names = [f"/media-catalogue/{number}/chaos" for number in range(9)]
    for name in names:
        value = '{"is_enabled": false, "note": "' + "x" * (size // len(names)) + '"}'
        hand.ssm.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)
    return both(*names)


def test_whatever_may_start_can_be_ended_though_nothing_could_be_put_back(hand: Hand) -> None:
    """The largest lease that is let through, found from above."""
    with pytest.raises(EngineError, match="keeps 4,096"):
        hand.start(hand.order(crowded(hand, 3_000)))
    for size in range(3_000, 0, -27):
        with suppress(EngineError):
            ref = hand.start(hand.order(crowded(hand, size))).ref
            break
    crowded(hand, 0)  # somebody else's values, in each of them

    said = hand.engine.stop(hand.access, ref).reason

    assert "/media-catalogue/0/chaos was changed" in said
    assert " more." in said
    assert len(held(hand, lease_name(ref)).encode()) <= 4_096
    hand.passes(3_700)
    assert hand.seen(ref).status.value == "stopped"


def test_a_lease_that_may_not_be_deleted_keeps_no_other_from_its_end(
    hand: Hand, joined: Simulator
) -> None:
    from simulator.knobs import Knob

    hand.engine.stop(hand.access, hand.start(hand.order(run_id="1-is-listed-first")).ref)
    hand.passes(8 * 86_400)
    hand.start(hand.order(run_id="2-is-listed-last"))
    hand.passes(601)
    joined.knobs.add(Knob("deny", "DeleteParameters"))

    assert hand.engine.expire(hand.access) == ["lease-2-is-listed-last"]
    assert hand.value == "{}"


def refused(asked: Any, operation: str) -> Callable[..., None]:
    """From here on the role of this client may not do this."""

    def refuse_it(**_: Any) -> None:
        told: Any = {"Error": {"Code": "AccessDeniedException", "Message": "not for this role"}}
        raise ClientError(told, operation)

    asked.meta.events.register(f"before-call.{operation}", refuse_it)
    return refuse_it


def test_what_the_role_that_stops_may_not_list_is_ended_all_the_same(hand: Hand) -> None:
    ref = hand.start().ref
    hand.passes(601)
    hook = refused(hand.ssm, "ssm.GetParametersByPath")
    try:
        assert [lasting.ref for lasting in hand.engine.discover(hand.access)] == [ref]
        assert hand.engine.expire(hand.access) == [ref]
    finally:
        hand.ssm.meta.events.unregister("before-call.ssm.GetParametersByPath", hook)
    assert hand.value == "{}"


def test_an_account_without_the_rights_of_this_engine_has_no_leases(
    hand: Hand, joined: Simulator
) -> None:
    from simulator.knobs import Knob

    joined.knobs.add(Knob("deny", "GetParametersByPath"))

    assert hand.engine.expire(hand.access) == []
    assert (hand.engine.discover(hand.access), hand.engine.active(hand.access)) == ([], [])


def test_one_role_for_everything_that_may_not_list_is_no_proof_that_nothing_runs(
    hand: Hand, joined: Simulator
) -> None:
    from simulator.knobs import Knob

    joined.knobs.add(Knob("deny", "GetParametersByPath"))
    single = replace(hand.access, read_role_arn=hand.access.stop_role_arn)

    with pytest.raises(EngineError, match="access denied"):
        hand.engine.discover(single)
    assert hand.engine.expire(single) == []


def test_a_run_whose_lease_is_gone_is_archived_and_says_so(hand: Hand) -> None:
    ref = hand.start().ref
    hand.engine.stop(hand.access, ref)
    hand.ssm.delete_parameter(Name=lease_name(ref))

    archive = hand.engine.archive(hand.access, ref)

    assert archive.document["lease"] == ref
    assert "knows no such lease" in str(archive.document["lease_problem"])
    assert archive.targets == ()


def test_a_run_whose_functions_may_not_be_listed_any_more_is_archived_and_says_so(
    hand: Hand,
) -> None:
    ref = hand.start().ref
    hand.engine.stop(hand.access, ref)
    functions = client(hand.access, "lambda", Purpose.READ)
    hook = refused(functions, "lambda.ListFunctions")
    try:
        archive = hand.engine.archive(hand.access, ref)
    finally:
        functions.meta.events.unregister("before-call.lambda.ListFunctions", hook)

    assert archive.document["outcome"] == "stopped"
    held: Any = archive.document["held"]
    assert [each["name"] for each in held] == [NAME]
    assert "access denied" in str(archive.document["targets_problem"])
