"""What ends unasked is started again, ever more slowly; what is asked to stop stops."""

from __future__ import annotations

import os
import sys

import pytest

from chaosplane.supervision import Keeper, Kept

SLEEPS = [sys.executable, "-c", "import time; time.sleep(600)"]
ENDS = [sys.executable, "-c", "print('out of luck'); raise SystemExit(3)"]
IGNORES_TERM = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(600)
"""
DEAF = [sys.executable, "-c", IGNORES_TERM]


class Watched:
    """A keeper with a clock that a test moves and the lines it said."""

    def __init__(self, logs):
        self.now = 0.0
        self.said: list[str] = []
        self.keeper = Keeper(logs, os.environ, logs, say=self.said.append, clock=lambda: self.now)

    def let_end(self, child):
        child.process.wait(20)
        self.keeper.look_after()


@pytest.fixture
def kept(tmp_path):
    kept = Watched(tmp_path)
    yield kept
    kept.keeper.stop(seconds=1)


def test_a_process_that_ends_is_started_again_after_a_wait_and_said(kept):
    first = kept.keeper.keep(Kept("web", ENDS, loss="All is lost."))
    kept.let_end(first)
    assert kept.said == [
        "web ended unasked (3: out of luck); starting it again in 1 s. All is lost."
    ]
    kept.now = 0.9
    kept.keeper.look_after()
    assert kept.keeper.child("web") is first
    kept.now = 1.0
    kept.keeper.look_after()
    assert kept.keeper.child("web") is not first


def test_waits_grow_to_a_limit(kept):
    kept.keeper.keep(Kept("web", ENDS))
    waits = []
    for _ in range(7):
        kept.let_end(kept.keeper.child("web"))
        waits.append(kept.said[-1].split("again in ")[1])
        kept.now += 30
        kept.keeper.look_after()
    assert waits == ["1 s.", "2 s.", "4 s.", "8 s.", "16 s.", "30 s.", "30 s."]


def test_waits_begin_anew_after_a_process_was_well(kept):
    kept.keeper.keep(Kept("web", ENDS))
    for _ in range(3):
        kept.let_end(kept.keeper.child("web"))
        kept.now += 30
        kept.keeper.look_after()
    kept.now += 60
    kept.let_end(kept.keeper.child("web"))
    assert kept.said[-1].endswith("again in 1 s.")


def test_stop_ends_all_and_starts_none_again(kept):
    children = [kept.keeper.keep(Kept(name, SLEEPS)) for name in ("web", "worker")]
    kept.keeper.stop(seconds=5)
    kept.now = 100
    kept.keeper.look_after()
    assert not any(child.alive() for child in children)
    assert kept.said == []


def test_a_process_that_will_not_stop_is_ended(kept):
    child = kept.keeper.keep(Kept("worker", DEAF))
    while "deaf" not in child.log.read_text():
        pass
    kept.keeper.stop(seconds=0.3)
    assert child.process.returncode == -9
