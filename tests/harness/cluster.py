"""Every process of an installation, two of each, to be killed, hung and brought back."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import urllib.request
from pathlib import Path
from typing import Any, Final

from chaosplane.demo import HOST, environment
from chaosplane.embedded.processes import Child, spawn, wait_until
from chaosplane.embedded.servers import Servers
from tests.stop_matrix.installation import _free_port, _signal, answers, family

ROOT: Final = Path(__file__).resolve().parents[2]
SPEED: Final = 60
CELERY: Final = [sys.executable, "-m", "celery", "-A", "chaosplane"]
WORKER: Final = [
    *CELERY, "worker", "-c", "1", "-l", "warning",
    "--without-gossip", "--without-mingle", "--without-heartbeat",
]  # fmt: skip


class Cluster:
    """web, worker and beat twice, sentinel, PostgreSQL, Valkey and simulated AWS."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="chaosplane-crash-"))
        # The server may run as another user and has to get to its own folder.
        self.home.chmod(0o711)
        self.failpoints = self.home / "failpoints"
        self.failpoints.mkdir()
        self.journal = self.home / "journal.jsonl"
        self.urls = [f"http://{HOST}:{_free_port()}" for _ in range(2)]
        self.aws_url = f"http://{HOST}:{_free_port()}"
        self.servers = Servers(self.home / "data", durable=False, given={})
        addresses = self.servers.environment | {
            "CHAOSPLANE_STOP_JOURNAL": str(self.home / "stop-journal")
        }
        plain = environment(os.environ, addresses, self.urls[0], self.aws_url, SPEED)
        self.env = plain | {"CHAOSPLANE_LOG_LEVEL": "WARNING"}
        self.commands: dict[str, list[str]] = {}
        self.children: dict[str, Child] = {}

    # -- Up and down

    def start(self) -> None:
        self.servers.start()
        python = sys.executable
        self._run(
            "simulator",
            [
                python, "-m", "simulator", "--port", self.aws_url.rpartition(":")[2],
                "--speed", str(SPEED), "--journal", str(self.journal),
            ],
        )  # fmt: skip
        migrate = self._spawn("migrate", [python, "manage.py", "migrate", "--no-input"])
        if migrate.process.wait(240):
            raise RuntimeError(f"migrate failed: {migrate.log}")
        self._until_answers("simulator", f"{self.aws_url}/simulator/state")
        for number, url in enumerate(self.urls, start=1):
            port = url.rpartition(":")[2]
            uvicorn = [python, "-m", "uvicorn", "chaosplane.asgi:application", "--host", HOST]
            self._run(f"web-{number}", [*uvicorn, "--port", port, "--no-access-log"])
            self._run(f"worker-{number}", [*WORKER, "-n", f"worker{number}@crash"])
            self._run(f"beat-{number}", [*CELERY, "beat", "-l", "warning", "--pidfile="])
        self._run("sentinel", [python, "manage.py", "sentinel"])
        self.wait_until_well()

    def wait_until_well(self) -> None:
        for number, url in enumerate(self.urls, start=1):
            self._until_answers(f"web-{number}", f"{url}/readyz")

    def stop(self) -> None:
        for child in self.children.values():
            _signal_group(child, signal.SIGKILL)
        for child in self.children.values():
            child.process.wait()
        self.servers.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def revive(self) -> None:
        """Wake what hangs, and start what has died once more."""
        for name, child in self.servers.children.items():
            if child.alive():
                for pid in family(child.process.pid):
                    _signal(pid, signal.SIGCONT)
            self.servers.children[name] = child
        self.servers.revive()
        for name, child in list(self.children.items()):
            if child.alive():
                _signal_group(child, signal.SIGCONT)
            elif name in self.commands:
                _signal_group(child, signal.SIGKILL)  # what a killed worker left behind
                self._spawn(name, self.commands[name])

    # -- What goes wrong

    def kill(self, name: str) -> None:
        """SIGKILL to the process and all that it has started."""
        if name in self.servers.children:
            for pid in family(self.servers.children[name].process.pid):
                _signal(pid, signal.SIGKILL)
            self.servers.children[name].process.wait()
        else:
            _signal_group(self.children[name], signal.SIGKILL)

    def hang(self, name: str, seconds: float) -> None:
        """SIGSTOP, and SIGCONT after a while."""
        children = self.servers.children if name in self.servers.children else self.children
        pids = family(children[name].process.pid)
        for pid in pids:
            _signal(pid, signal.SIGSTOP)
        wake = threading.Timer(seconds, _wake, [pids])
        wake.daemon = True
        wake.start()

    def order(self, failpoint: str, action: str) -> None:
        """Whoever comes by first dies or sleeps there."""
        (self.failpoints / failpoint).write_text(action)

    def die_in(self, failpoint: str, act: str, pk: object) -> None:
        """Somebody's process is killed there in the middle of an act."""
        self.order(failpoint, "kill")
        command = [sys.executable, "-m", "tests.harness.person", act, str(pk)]
        child = self._spawn("person", command)
        if child.process.wait(60) != -signal.SIGKILL:
            raise RuntimeError(f"nobody died at {failpoint}: see {child.log}")

    def killed_at(self) -> list[str]:
        hits = self.failpoints / "hits"
        lines = hits.read_text().splitlines() if hits.exists() else []
        return sorted({line.split()[0] for line in lines if line.endswith(" kill")})

    def turn(self, knob: dict[str, Any] | None) -> None:
        """Have AWS misbehave, or behave again."""
        asked = urllib.request.Request(
            f"{self.aws_url}/simulator/knobs",
            data=json.dumps(knob).encode() if knob else None,
            method="POST" if knob else "DELETE",
        )
        urllib.request.urlopen(asked, timeout=30).close()

    def experiments(self) -> dict[str, dict[str, Any]]:
        url = f"{self.aws_url}/simulator/experiments"
        with urllib.request.urlopen(url, timeout=30) as answer:
            return dict(json.load(answer)["experiments"])

    # -- Processes

    def _run(self, name: str, command: list[str]) -> None:
        self.commands[name] = command
        self._spawn(name, command)

    def _spawn(self, name: str, command: list[str]) -> Child:
        # Only what is killed on purpose: whoever sets the stage must not trip over it.
        env = self.env | {"CHAOSPLANE_FAILPOINTS": str(self.failpoints)}
        child = spawn(name, command, log=self.home / "logs" / f"{name}.log", env=env, cwd=ROOT)
        self.children[name] = child
        return child

    def _until_answers(self, name: str, url: str) -> None:
        wait_until(self.children[name], lambda: answers(url), 240)


def _wake(pids: list[int]) -> None:
    for pid in pids:
        _signal(pid, signal.SIGCONT)


def _signal_group(child: Child, number: signal.Signals) -> None:
    try:
        os.killpg(child.process.pid, number)
    except ProcessLookupError:
        return  # all of it has ended
