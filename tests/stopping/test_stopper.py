"""Everything is asked at once, and one place that does not answer delays no other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from exercises.domain.engine_values import EngineStatus, Observation, StopReceipt, Tagged
from exercises.domain.errors import EngineError
from exercises.domain.plans import AccountAccess
from exercises.engines.registry import ENGINES
from exercises.stopping import stopper
from exercises.stopping.orders import StopTarget
from tests.simulated_aws import access_to, stopped_clock

if TYPE_CHECKING:
    from simulator.server import Simulator


@pytest.fixture(scope="module")
def aws() -> Iterator[Simulator]:
    with stopped_clock() as running:
        yield running


class Slow:
    """An engine of which one account never answers and one is refused."""

    def __init__(self) -> None:
        self.release = threading.Event()
        self.asked: list[str] = []

    def stop(self, access: AccountAccess, ref: str) -> StopReceipt:
        self.asked.append(ref)
        if access.account_id == "222222222222":
            self.release.wait(30)
        if access.account_id == "333333333333":
            raise EngineError("access denied", outcome="none", retryable=False)
        return StopReceipt(ref, EngineStatus.STOPPING, "")

    def observe(self, access: AccountAccess, watches: Any) -> list[Observation]:
        raise EngineError("not for you to read", outcome="none", retryable=False)

    def discover(self, access: AccountAccess) -> list[Tagged]:
        if access.account_id == "333333333333":
            raise EngineError("access denied", outcome="none", retryable=False)
        return [Tagged("EXP9", "run-9", "2026-11", EngineStatus.RUNNING)]


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    engine = Slow()
    monkeypatch.setitem(ENGINES, "slow", engine)
    yield engine
    engine.release.set()


def target(account: str, ref: str) -> StopTarget:
    return StopTarget(access_to(account), "slow", ref)


def test_a_place_that_does_not_answer_delays_no_other(slow: Slow) -> None:
    targets = [target(a, f"EXP{a[0]}{n}") for a in ("222222222222", "111111111111") for n in "123"]
    receipts = stopper.stop(targets, patience_s=1.0)
    assert [receipt.is_accepted for receipt in receipts] == [False] * 3 + [True] * 3
    assert [receipt.target for receipt in receipts] == targets
    assert "asked again" in receipts[0].message


def test_what_aws_refuses_is_said_in_its_words(slow: Slow) -> None:
    (receipt,) = stopper.stop([target("333333333333", "EXP1")])
    assert not receipt.is_accepted
    assert receipt.message == "access denied"


def test_who_cannot_read_asks_to_stop_once_more(slow: Slow) -> None:
    (receipt,) = stopper.look([target("111111111111", "EXP1")])
    assert slow.asked == ["EXP1"]
    assert receipt.status == "stopping"


def test_what_runs_is_found_by_its_tags_and_where_nobody_could_look_is_named(
    slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ENGINES.keys() - {"slow"}:
        monkeypatch.delitem(ENGINES, name)
    found, problems = stopper.discover([access_to("111111111111"), access_to("333333333333")])
    assert [(each.ref, each.run_id, each.exercise) for each in found] == [
        ("EXP9", "run-9", "2026-11")
    ]
    assert problems == ["333333333333 eu-central-1: access denied"]


def test_an_engine_that_cannot_be_searched_hides_nothing_of_the_others(
    aws: Simulator, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ENGINES.keys() - {"slow"}:
        monkeypatch.delitem(ENGINES, name)
    refused = Slow()
    monkeypatch.setattr(refused, "discover", lambda _: slow.discover(access_to("333333333333")))
    monkeypatch.setitem(ENGINES, "refused", refused)

    found, problems = stopper.discover([access_to("111111111111")])

    assert [each.ref for each in found] == ["EXP9"]
    assert problems == ["111111111111 eu-central-1: access denied"]


def test_an_experiment_that_aws_does_not_know_has_ended(aws: Simulator) -> None:
    unknown = StopTarget(access_to("111111111111"), "fis", "EXPdoesNotExist")
    (receipt,) = stopper.look([unknown])
    assert receipt.is_over
    (asked,) = stopper.stop([unknown])
    assert not asked.is_accepted
