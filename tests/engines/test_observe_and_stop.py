"""Observing is cheap, stopping is repeatable, and what is kept is complete."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from exercises.aws.fleet import application_nodes
from exercises.domain.engine_values import EngineStatus, Observation, Watch
from exercises.domain.errors import EngineError
from exercises.domain.plans import AccountAccess
from exercises.engines.fis import FisEngine
from tests.fis_definitions import order, stopping, waiting

ZONE = "eu-central-1a"


def watch(ref: str, last: EngineStatus | None = None, *, full: bool = False) -> Watch:
    return Watch(ref, last, full=full)


@pytest.fixture
def running(fis: FisEngine, access: AccountAccess, aws: Any, request: Any) -> Iterator[Observation]:
    """An experiment that stops the brokers of one zone, under way; put right at the end."""
    ref = fis.provision(access, stopping(ZONE), "observed")
    started = fis.start(access, order(ref, request.node.name))
    aws.clock.advance(60)
    yield started
    fis.stop(access, started.ref)
    aws.clock.advance(120)


def test_a_running_experiment_tells_its_actions(
    fis: FisEngine, access: AccountAccess, running: Observation
) -> None:
    (seen,) = fis.observe(access, [watch(running.ref, full=True)])
    assert seen.status is EngineStatus.RUNNING
    assert seen.started_at is not None
    assert seen.ended_at is None
    (action,) = seen.actions
    assert (action.name, action.action_id) == ("Stop-brokers", "aws:ec2:stop-instances")
    assert action.status == "running"
    assert action.started_at is not None


def test_experiments_that_did_not_move_share_one_call(
    fis: FisEngine, access: AccountAccess, aws: Any, running: Observation, calls: list[str]
) -> None:
    ref = fis.provision(access, waiting(), "shares-a-call")
    other = fis.start(access, order(ref, "run-shares-a-call"))
    aws.clock.advance(60)
    calls.clear()
    watches = [watch(each.ref, EngineStatus.RUNNING) for each in (running, other)]
    seen = fis.observe(access, watches)
    assert [each.status for each in seen] == [EngineStatus.RUNNING] * 2
    assert calls == ["ListExperiments"]
    fis.stop(access, other.ref)


def test_only_what_moved_is_read_again(
    fis: FisEngine, access: AccountAccess, running: Observation, calls: list[str]
) -> None:
    (seen,) = fis.observe(access, [watch(running.ref, EngineStatus.PENDING)])
    assert calls == ["ListExperiments", "GetExperiment"]
    assert seen.actions


def test_an_experiment_that_fis_forgot_is_left_out(
    fis: FisEngine, access: AccountAccess, running: Observation
) -> None:
    seen = fis.observe(
        access, [watch("EXPgone"), watch("EXPgone", full=True), watch(running.ref, full=True)]
    )
    assert [each.ref for each in seen] == [running.ref]


def test_a_stop_rolls_back(
    fis: FisEngine, access: AccountAccess, aws: Any, running: Observation
) -> None:
    states = {node.state for node in application_nodes(access, "mqtt-broker") if node.az == ZONE}
    assert states == {"stopped"}
    receipt = fis.stop(access, running.ref)
    assert receipt.status is EngineStatus.STOPPING
    aws.clock.advance(120)
    (seen,) = fis.observe(access, [watch(running.ref, full=True)])
    assert seen.status is EngineStatus.STOPPED
    assert seen.ended_at is not None
    assert {node.state for node in application_nodes(access, "mqtt-broker")} == {"running"}


def test_stopping_again_is_no_error(
    fis: FisEngine, access: AccountAccess, aws: Any, running: Observation
) -> None:
    fis.stop(access, running.ref)
    assert fis.stop(access, running.ref).status is EngineStatus.STOPPING
    aws.clock.advance(120)
    assert fis.stop(access, running.ref).status is EngineStatus.STOPPED


def test_stopping_what_is_not_there_is_an_error(fis: FisEngine, access: AccountAccess) -> None:
    with pytest.raises(EngineError) as caught:
        fis.stop(access, "EXPnever")
    assert caught.value.retryable is False


def test_an_archive_is_plain_json_with_every_target_in_its_zone(
    fis: FisEngine, access: AccountAccess, running: Observation
) -> None:
    archive = fis.archive(access, running.ref)
    assert json.loads(json.dumps(archive.document)) == archive.document
    assert sorted((t.label, t.az) for t in archive.targets) == [
        ("broker-a1", ZONE),
        ("broker-a2", ZONE),
        ("broker-a3", ZONE),
    ]
