"""A real Celery worker beside a test, for what only shows when messages travel."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chaosplane.celery import app
from chaosplane.embedded.processes import Child, spawn, wait_until


@contextmanager
def running_worker(name: str, env: dict[str, str], log: Path) -> Iterator[Child]:
    """A worker that has taken up its queue; on leaving it is stopped."""
    # What earlier tests have sent is not this worker's to do.
    app.control.purge()
    child = spawn(
        "Celery worker",
        [
            sys.executable, "-m", "celery", "-A", "chaosplane", "worker", "-c", "2",
            "-n", f"{name}@tests", "--without-gossip", "--without-mingle", "--without-heartbeat",
            "-l", "info",
        ],
        log=log,
        env=env,
    )  # fmt: skip
    try:
        wait_until(child, lambda: bool(app.control.ping(timeout=0.5)), 60)
        yield child
    finally:
        child.ask_to_stop()
        child.wait_or_end(10)
