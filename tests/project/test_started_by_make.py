"""A program that interrupts only `make` stops what make started, too."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chaosplane import started_by_make

ROOT = Path(__file__).resolve().parents[2]
ASKS = """
import time
from chaosplane.started_by_make import watch
asked = watch()
print("asking", flush=True)
while not asked():
    time.sleep(0.01)
print("asked to stop", flush=True)
"""


@pytest.fixture
def as_from_a_terminal() -> Iterator[None]:
    """A suite in the background of a shell ignores the signal, and would hand that on."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("as_from_a_terminal")
@pytest.mark.skipif(not shutil.which("make"), reason="no make on this machine")
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows what a process catches")
def test_interrupting_make_alone_is_noticed(tmp_path):
    (tmp_path / "asks.py").write_text(ASKS)
    (tmp_path / "Makefile").write_text(f"demo:\n\t@{sys.executable} asks.py\n")
    make = subprocess.Popen(
        ["make", "demo"],
        cwd=tmp_path,
        # Without what a make around these tests would tell it.
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert make.stdout
    with make.stdout:
        assert make.stdout.readline() == "asking\n"
        make.send_signal(signal.SIGINT)
        assert make.stdout.readline() == "asked to stop\n"
    make.wait(10)


def test_without_make_nothing_is_asked():
    assert started_by_make.watch()() is False
