"""A small installation of real processes that a drill may break and mend again.

PostgreSQL, Valkey, simulated AWS behind a door that can be shut, a worker and beat. What
happened is read from the database and from the simulator's journal, never from the product.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import psycopg

from chaosplane.embedded.processes import Child, spawn, wait_until
from chaosplane.embedded.servers import Servers
from tests import migrated
from tests.servers import free_servers

PROJECT = Path(__file__).resolve().parents[2]
SPEED = 60


class Door:
    """A TCP relay to the simulator. Shut, it refuses connections as an unreachable AWS does."""

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._open: list[socket.socket] = []
        self._listener: socket.socket | None = None
        with closing(socket.create_server(("127.0.0.1", 0))) as free:
            self.port: int = free.getsockname()[1]
        self.open()

    def open(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._serve, args=(self._listener,), daemon=True).start()

    def shut(self) -> None:
        if self._listener is not None:
            # Without this the thread in accept() keeps the port open until the next visitor.
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                visitor, _ = listener.accept()
            except OSError:
                return
            try:
                inside = socket.create_connection(self._target)
            except OSError:
                visitor.close()
                continue
            self._open += [visitor, inside]
            for source, sink in ((visitor, inside), (inside, visitor)):
                threading.Thread(target=_relay, args=(source, sink), daemon=True).start()


def _relay(source: socket.socket, sink: socket.socket) -> None:
    """One direction of a connection; each of the two closes the socket it reads from."""
    with source, suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)


class Installation:
    """Everything that runs, by the name of the part."""

    def __init__(self, folder: Path) -> None:
        home = {n: os.environ[n] for n in ("CHAOSPLANE_HOME",) if n in os.environ}
        self.servers: Servers = free_servers(home)
        self._folder = folder
        self._children: dict[str, Child] = {}
        self._journal = folder / "fis.jsonl"
        self.failpoints = folder / "failpoints"
        self.failpoints.mkdir()

    def start(self) -> Self:
        self.servers.start()
        address = self.servers.environment["DATABASE_URL"]
        self.database = address.replace("/chaosplane?", "/drills?")
        self._start_simulator()
        self.env = {
            **os.environ,
            **self.servers.environment,
            "CHAOSPLANE_ENV": "test",
            "DJANGO_SETTINGS_MODULE": "chaosplane.settings",
            "DATABASE_URL": self.database,
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.door.port}",
            "AWS_ACCESS_KEY_ID": "chaosplane",
            "AWS_SECRET_ACCESS_KEY": "chaosplane",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "CHAOSPLANE_TIME_SPEED": str(SPEED),
            "CHAOSPLANE_TICK_S": "0.5",
            "CHAOSPLANE_OBSERVE_INTERVAL_S": "0.5",
            "CHAOSPLANE_STOP_JOURNAL": str(self._folder / "stop-journal"),
            "CHAOSPLANE_FAILPOINTS": str(self.failpoints),
        }
        with migrated.new_database(address, "drills") as is_empty:
            if is_empty:
                self.python("manage.py", "migrate", "--verbosity", "0")
        self.start_worker()
        self._spawn("beat", "-m", "celery", "-A", "chaosplane", "beat")
        return self

    def stop(self) -> None:
        for child in self._children.values():
            child.ask_to_stop()
        for child in self._children.values():
            child.wait_or_end(5)
        self.door.shut()
        self.servers.stop()

    def _start_simulator(self) -> None:
        child = self._spawn(
            "simulator", "-m", "simulator", "--port", "0", "--speed", str(SPEED),
            "--journal", str(self._journal), env=os.environ,
        )  # fmt: skip
        wait_until(child, lambda: "simulator ready" in child.log.read_text(), 60)
        url = child.log.read_text().rsplit("simulator ready: ", 1)[1].split()[0]
        self.door = Door(int(url.rsplit(":", 1)[1]))

    def start_worker(self) -> None:
        """Not waited for: what is due waits for it."""
        self._spawn(
            "worker", "-m", "celery", "-A", "chaosplane", "worker", "-c", "2",
            "--without-gossip", "--without-mingle", "--without-heartbeat",
        )  # fmt: skip

    def kill_worker(self) -> None:
        """The machine of the worker goes: the parent and its children, without a farewell."""
        child = self._children["worker"]
        os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()

    def stop_parts(self, *names: str) -> None:
        for name in names:
            child = self._children.pop(name)
            child.ask_to_stop()
            child.wait_or_end(20)

    def stop_server(self, name: str) -> None:
        child = self.servers.children[name]
        child.ask_to_stop()
        child.wait_or_end(20)

    def _spawn(self, name: str, *arguments: str, env: Any = None) -> Child:
        command = [sys.executable, "-u", *arguments]
        log = self._folder / f"{name}.log"
        child = spawn(name, command, log=log, env=env or self.env, cwd=PROJECT)
        self._children[name] = child
        return child

    def python(self, *arguments: str) -> str:
        """What a process of the product says that runs on this installation."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=PROJECT, env=self.env, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout.strip()

    def go(self, application: str, *, minutes: int = 5) -> str:
        """Say Go for an approved experiment on this application; the id of its run."""
        return self.python("-m", "tests.drills.scene", application, str(minutes))

    def eventually(self, question: Callable[[], bool], *, seconds: float = 90) -> None:
        """Wait until it is so; fails after a time that no machine needs.

        Meanwhile what ended is started again, as `restart: unless-stopped` does: Celery ends
        itself when it loses its broker with a message in hand.
        """
        ends_at = time.monotonic() + seconds
        while not question():
            assert time.monotonic() < ends_at, "it never came to that"
            if not self._children["worker"].alive():
                self.start_worker()
            time.sleep(0.1)

    # -- What is known afterwards ------------------------------------------------------------

    def ask(self, sql: str, *values: object) -> list[Any]:
        """The first column of an answer of the database."""
        with psycopg.connect(self.database, autocommit=True) as session:
            cursor = session.execute(sql, values)
            return [row[0] for row in cursor.fetchall()] if cursor.description else []

    def state(self, run_id: str) -> str:
        (state,) = self.ask("SELECT state FROM exercises_run WHERE id = %s", run_id)
        return str(state)

    def kinds(self, run_id: str) -> list[str]:
        """The lines of the log of a run, by kind, in the order they were written."""
        return self.ask("SELECT kind FROM exercises_runevent WHERE run_id = %s ORDER BY id", run_id)

    def experiments(self, run_id: str) -> set[str]:
        """The experiments that were ever made in AWS with the tag of this run."""
        lines = map(json.loads, self._journal.read_text().splitlines())
        return {
            line["made"]
            for line in lines
            if line["operation"] == "StartExperiment"
            and line["outcome"] == "ok"
            and line["input"]["tags"]["chaosplane:run"] == run_id
        }


@contextmanager
def running_installation(folder: Path) -> Iterator[Installation]:
    installation = Installation(folder)
    try:
        yield installation.start()
    finally:
        installation.stop()
