"""The demo as a person starts it, in a home of its own; the journey and docs/shots are the callers.

Whatever ends the caller ends the demo: its children die with it, and it dies with us.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chaosplane import embedded
from chaosplane.embedded.processes import Child, command_of, spawn, tail, wait_until

PROJECT = Path(__file__).resolve().parents[2]
READY_WITHIN_S = 120
# The command lines of what the demo keeps running, by its own names for them.
MARKS = {"worker": "celery -A chaosplane worker", "web": "uvicorn chaosplane.asgi"}


@dataclass(frozen=True)
class Demo:
    child: Child
    url: str
    simulator_url: str

    def pid(self, name: str) -> int | None:
        """The process that the demo itself started under this name, if it runs now."""
        for entry in Path("/proc").glob("[0-9]*"):
            pid = int(entry.name)
            if MARKS[name] in command_of(pid) and _parent(pid) == self.child.process.pid:
                return pid
        return None

    def kill(self, name: str) -> int:
        """End it as the kernel does when memory is short: no signal handler, no farewell."""
        pid = self.pid(name)
        assert pid is not None, f"{name} does not run"
        os.kill(pid, signal.SIGKILL)
        return pid

    def said(self) -> str:
        return tail(self.child.log, 200)

    def aws(self) -> dict[str, Any]:
        """What simulated AWS holds now."""
        state: dict[str, Any] = _json(f"{self.simulator_url}state")
        return state

    def asked_of_fis(self, operation: str) -> list[Mapping[str, Any]]:
        """The requests that reached FIS, oldest first."""
        entries = _json(f"{self.simulator_url}journal")["entries"]
        return [entry for entry in entries if entry["operation"] == operation]

    def instances(self, application: str, account: str) -> dict[str, int]:
        """How many instances are in which state."""
        found: dict[str, int] = {}
        for each in self.aws()["applications"]:
            if (each["application"], each["account"]) == (application, account):
                for zone in each["zones"].values():
                    for state, count in zone.items():
                        found[state] = found.get(state, 0) + count
        return found


@contextmanager
def running_demo() -> Iterator[Demo]:
    """Start it, wait for the address it prints, and end it as Ctrl-C does."""
    home = Path(tempfile.mkdtemp(prefix="chaosplane-demo-"))
    # PostgreSQL runs as nobody when we are root and has to reach its data.
    home.chmod(0o755)
    own = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    child = spawn(
        "demo",
        [sys.executable, "-u", "-m", "chaosplane.cli", "demo", "--headless", "--port", "0"],
        log=home / "demo.log",
        env=own | {"CHAOSPLANE_HOME": str(home)},
        stop_signal=signal.SIGINT,
        cwd=PROJECT,
    )
    try:
        wait_until(child, lambda: "\nready: " in _text(child), READY_WITHIN_S)
        printed = dict(
            re.findall(r"^(ready|simulated AWS): (http\S+/)$", _text(child), re.MULTILINE)
        )
        yield Demo(child, printed["ready"], printed["simulated AWS"])
    finally:
        child.ask_to_stop()
        child.wait_or_end(15)
        shutil.rmtree(home)
        shutil.rmtree(Path("/var/tmp") / embedded.addresses(home).run_dir.name, ignore_errors=True)


def until(done: Any, what: str, seconds: float = 30) -> Any:
    """The first answer of `done` that says something."""
    end = time.monotonic() + seconds
    while not (answer := done()):
        assert time.monotonic() < end, f"not within {seconds:g} s: {what}"
        time.sleep(0.1)
    return answer


def _text(child: Child) -> str:
    return child.log.read_text(encoding="utf-8", errors="replace")


def _parent(pid: int) -> int:
    try:
        # The name in brackets may hold anything; the state and the parent follow it.
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _json(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.loads(answer.read())
