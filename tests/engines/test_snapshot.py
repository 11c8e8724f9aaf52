"""What a run may leave changed is read before and after, and told apart from what is by design."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from exercises.aws.sessions import Purpose, client
from exercises.domain.errors import EngineError
from exercises.domain.plans import AccountAccess
from exercises.domain.residue import changes, residual
from exercises.domain.snapshots import Calls, as_json, from_json
from exercises.engines.fis import FisEngine
from tests.fis_definitions import order, stopping, waiting

ZONE = "eu-central-1a"
CUT = {
    "actionId": "aws:network:disrupt-connectivity",
    "parameters": {"scope": "all", "duration": "PT2M"},
    "targets": {"Subnets": "nets"},
}
NETS = {
    "resourceType": "aws:ec2:subnet",
    "resourceTags": {"chaosplane:application": "mqtt-broker"},
    "filters": [{"path": "AvailabilityZone", "values": [ZONE]}],
    "selectionMode": "ALL",
}


@pytest.fixture
def ec2(access: AccountAccess) -> Any:
    return client(access, "ec2", Purpose.START)


@pytest.fixture
def definition() -> dict[str, Any]:
    """Stops three brokers and cuts their subnet off."""
    body = stopping(ZONE)
    return body | {
        "actions": {**body["actions"], "cut": CUT},
        "targets": {**body["targets"], "nets": NETS},
    }


def test_before_the_start_all_candidates_are_noted_not_only_the_chosen(
    fis: FisEngine, access: AccountAccess
) -> None:
    one = stopping(ZONE, mode="COUNT(1)")
    assert len(fis.preview(access, one)) == 1
    noted = [trace for trace in fis.snapshot(access, one).traces if trace.kind == "instances"]
    assert [trace.label for trace in noted] == ["broker-a1", "broker-a2", "broker-a3"]


def test_a_snapshot_is_the_same_while_nothing_changes(
    fis: FisEngine, access: AccountAccess, definition: dict[str, Any]
) -> None:
    before = fis.snapshot(access, definition)
    after = fis.snapshot(access, definition, before)
    assert {trace.kind for trace in before.traces} == {"instances", "subnets"}
    assert after == before == from_json(as_json(before))
    assert after.hash == before.hash
    assert changes(before, after, ref="EXP", region="eu-central-1") == []


@pytest.fixture
def left(
    aws: Any, fis: FisEngine, access: AccountAccess, definition: dict[str, Any], ec2: Any
) -> Iterator[tuple[Any, Any, str]]:
    """Before and after a run whose rollback passed over one broker and the subnet."""
    from simulator.knobs import Knob

    aws.knobs.add(Knob("leave_stopped", count=1))
    aws.knobs.add(Knob("leave_nacl", count=1))
    before = fis.snapshot(access, definition)
    ref = fis.start(access, order(fis.provision(access, definition, "left"), "run-left")).ref
    aws.clock.advance(3600)
    yield before, fis.snapshot(access, definition, before), ref
    aws.knobs.clear()
    for change in residual(
        changes(before, fis.snapshot(access, definition, before), ref=ref, region="eu-central-1")
    ):
        put_back(ec2, change.command)


def put_back(ec2: Any, command: str) -> None:
    """Carry out the command that a person would copy."""
    _, service, operation, *given = command.split()
    assert service == "ec2"
    pairs = dict(zip(given[::2], given[1::2], strict=True))
    assert pairs.pop("--region") == "eu-central-1"
    if operation == "start-instances":
        ec2.start_instances(InstanceIds=[pairs["--instance-ids"]])
    else:
        ec2.replace_network_acl_association(
            AssociationId=pairs["--association-id"], NetworkAclId=pairs["--network-acl-id"]
        )


def test_what_a_rollback_left_is_named_with_the_command_that_puts_it_back(
    left: tuple[Any, Any, str],
    fis: FisEngine,
    access: AccountAccess,
    definition: dict[str, Any],
    ec2: Any,
    aws: Any,
) -> None:
    before, after, ref = left
    found = changes(before, after, ref=ref, region="eu-central-1")
    assert [(c.kind, c.before, c.is_residue) for c in found if c.kind == "instances"] == [
        ("instances", "running", True)
    ]
    (subnet,) = [c for c in found if c.kind == "subnets"]
    assert subnet.before.startswith("network ACL acl-")
    assert "made by AWS FIS" in subnet.after
    for change in found:
        put_back(ec2, change.command)
    aws.clock.advance(120)
    again = fis.snapshot(access, definition, before)
    assert changes(before, again, ref=ref, region="eu-central-1") == []


def test_what_cannot_be_read_is_said_and_there_is_no_half_snapshot(
    fis: FisEngine, access: AccountAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exercises.engines.fis_snapshot.Calls", lambda: Calls(1))
    with pytest.raises(EngineError, match="more than 1 calls to AWS") as refused:
        fis.snapshot(access, stopping(ZONE))
    assert not refused.value.retryable


def test_a_definition_that_leaves_nothing_needs_no_look(
    fis: FisEngine, access: AccountAccess
) -> None:
    assert fis.snapshot(access, waiting()).traces == ()
