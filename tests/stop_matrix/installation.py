"""A whole installation of real processes, parts of which can be killed, hung and healed."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from chaosplane.demo import HOST, environment
from chaosplane.embedded.processes import Child, spawn, wait_until
from chaosplane.embedded.servers import Servers

ROOT = Path(__file__).resolve().parents[2]
CELERY = [sys.executable, "-m", "celery", "-A", "chaosplane"]


class Installation:
    """PostgreSQL, Valkey, simulated AWS, web, worker, beat and sentinel, in a folder of its own."""

    def __init__(self, speed: float = 1) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="chaosplane-stop-matrix-"))
        # The server may run as another user and has to get to its own folder.
        self.home.chmod(0o711)
        self.url = f"http://{HOST}:{_free_port()}"
        self.aws_url = f"http://{HOST}:{_free_port()}"
        # Killed and started again, it must know what it has committed.
        self.servers = Servers(self.home / "data", durable=True, given={})
        addresses = self.servers.environment | {
            "CHAOSPLANE_STOP_JOURNAL": str(self.home / "stop-journal"),
            "CHAOSPLANE_TOOLKIT_DIR": str(self.home / "toolkit"),
        }
        self.env = environment(os.environ, addresses, self.url, self.aws_url, speed)
        self.children: dict[str, Child] = {}

    def start(self) -> None:
        self.servers.start()
        port = self.aws_url.rpartition(":")[2]
        speed = self.env["CHAOSPLANE_TIME_SPEED"]
        simulator = self._spawn(
            "simulator",
            [sys.executable, "-m", "simulator", "--port", port, "--speed", speed],
        )
        migrate = self._spawn("migrate", [sys.executable, "manage.py", "migrate", "--no-input"])
        if migrate.process.wait(180):
            raise RuntimeError(f"migrate failed: {migrate.log}")
        wait_until(simulator, lambda: answers(f"{self.aws_url}/simulator/state"), 120)
        port = self.url.rpartition(":")[2]
        web = self._spawn(
            "web",
            [
                sys.executable, "-m", "uvicorn", "chaosplane.asgi:application",
                "--host", HOST, "--port", port, "--no-access-log",
            ],
        )  # fmt: skip
        self._spawn("sentinel", [sys.executable, "manage.py", "sentinel"])
        self.start_celery()
        wait_until(web, lambda: answers(f"{self.url}/readyz"), 120)

    def stop(self) -> None:
        for child in self.children.values():
            child.ask_to_stop()
        for child in self.children.values():
            child.wait_or_end(3)
        self.servers.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    # -- What can go wrong -----------------------------------------------------------------

    def kill_server(self, name: str) -> None:
        for pid in family(self.servers.children[name].process.pid):
            _signal(pid, signal.SIGKILL)
        self.servers.children[name].process.wait()

    def hang_server(self, name: str) -> None:
        for pid in family(self.servers.children[name].process.pid):
            _signal(pid, signal.SIGSTOP)

    def kill_celery(self) -> None:
        for name in ("worker", "beat"):
            os.killpg(self.children[name].process.pid, signal.SIGKILL)
            self.children[name].process.wait()

    def heal(self) -> None:
        """Everything runs again and answers."""
        for child in self.servers.children.values():
            if child.alive():
                for pid in family(child.process.pid):
                    _signal(pid, signal.SIGCONT)
        self.servers.revive()
        if not self.children["worker"].alive():
            self.start_celery()
        wait_until(self.children["web"], lambda: answers(f"{self.url}/readyz"), 120)

    def start_celery(self) -> None:
        self._spawn(
            "worker",
            [
                *CELERY, "worker", "-c", "2", "-l", "warning",
                "--without-gossip", "--without-mingle", "--without-heartbeat",
            ],
        )  # fmt: skip
        self._spawn("beat", [*CELERY, "beat", "-l", "warning", "--pidfile="])

    def _spawn(self, name: str, args: list[str]) -> Child:
        log = self.home / "logs" / f"{name}.log"
        child = spawn(name, args, log=log, env=self.env, cwd=ROOT)
        self.children[name] = child
        return child


def until(done: Callable[[], bool], what: str, seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise RuntimeError(f"{what}: not after {seconds:g} s")
        time.sleep(0.1)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def family(pid: int) -> list[int]:
    """A process and all that it has started, parents first."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended in between
        children.setdefault(int(fields[1]), []).append(int(entry.parent.name))
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return  # it has ended in between


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
