"""The demo serves every part of itself, and nothing of it is left when it ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from chaosplane import embedded

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [
    pytest.mark.worker,
    pytest.mark.timeout(400),
    pytest.mark.skipif(sys.platform != "linux", reason="processes are counted through /proc"),
]


@dataclass
class Demo:
    process: subprocess.Popen[str]
    home: Path
    said: list[str]

    @property
    def url(self) -> str:
        return self.said[-1].removeprefix("ready: ").strip()

    def processes(self) -> set[int]:
        """Everything that was started for this home or below this demo."""
        found = set()
        for entry in Path("/proc").glob("[0-9]*/environ"):
            try:
                if f"DEMO_UNDER_TEST={self.home}".encode() in entry.read_bytes():
                    found.add(int(entry.parent.name))
            except OSError:
                continue
        return found - {os.getpid()}


@pytest.fixture
def demo() -> Iterator[Demo]:
    home = ROOT / ".data" / "test" / f"demo-{os.getpid()}"
    env = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"}
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "chaosplane.cli", "demo", "--port", "0", "--headless",
         "--home", str(home)],
        cwd=ROOT,
        # Inherited by all but the servers, which are found by their sockets.
        env=env | {"DEMO_UNDER_TEST": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip
    assert process.stdout
    said = []
    for line in process.stdout:
        said.append(line)
        if line.startswith("ready: "):
            break
    running = Demo(process, home, said)
    yield running
    if process.poll() is None:
        process.kill()
        process.wait()
    process.stdout.close()
    shutil.rmtree(home, ignore_errors=True)
    shutil.rmtree(embedded.addresses(home).run_dir, ignore_errors=True)


def get(url: str) -> tuple[int, str]:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.status, answer.read().decode()


def wait_for(question, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not question():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def test_the_demo_serves_and_ends_with_ctrl_c(demo):
    assert demo.said[-1].startswith("ready: http://127.0.0.1:"), "".join(demo.said)
    assert "Resilience engineer" in "".join(demo.said)
    assert get(demo.url + "readyz")[0] == 200
    assert "Resilience engineer" in get(demo.url + "sign-in/")[1]
    # The demo itself, the simulator, web, worker and beat; the worker's pool may come later.
    assert len(demo.processes()) >= 5

    asked = time.monotonic()
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(15) == 0
    assert time.monotonic() - asked < 10
    assert demo.processes() == set()


def test_nothing_is_left_when_the_demo_is_killed(demo):
    assert demo.said[-1].startswith("ready: "), "".join(demo.said)
    demo.process.send_signal(signal.SIGKILL)
    demo.process.wait()
    assert wait_for(lambda: not demo.processes(), 30), demo.processes()
