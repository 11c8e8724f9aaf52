"""`make crash-inprocess SEEDS=n`: many schedules, one process and one database per core.

SEED=n replays one schedule and says each of its steps; FIRST=n begins elsewhere than at 0.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from chaosplane.embedded.servers import Servers
from exercises.failpoints import NAMES
from tests.harness.schedule import ROUND
from tests.servers import free_servers

PROJECT = Path(__file__).resolve().parents[2]
DATABASE = "crash_{number}"


def main() -> int:
    seed = os.environ.get("SEED")
    if seed:
        with databases(1) as (only,):
            told = _worker(int(seed), 1, 1, "--verbose")
            return subprocess.run(told, env=only, check=False).returncode
    count = int(os.environ.get("SEEDS") or 1000)
    first = int(os.environ.get("FIRST") or 0)
    began = time.monotonic()
    with databases(os.cpu_count() or 1) as environments:
        outcomes = list(_told(play(environments, first, count), began))
    took = time.monotonic() - began
    return report("crash-inprocess", outcomes, count, took, everywhere=2 * ROUND)


def _told(outcomes: Iterator[dict[str, Any]], began: float) -> Iterator[dict[str, Any]]:
    """Say at once what breaks, and now and then how far it is."""
    for number, outcome in enumerate(outcomes, start=1):
        tell_broken("crash-inprocess", outcome)
        if number % 1000 == 0:
            print(f"{number} seeds in {time.monotonic() - began:.0f} s", flush=True)
        yield outcome


def tell_broken(name: str, outcome: dict[str, Any]) -> None:
    for promise in outcome["broken"]:
        print(f"seed {outcome['seed']}: {promise}", flush=True)
    if outcome["broken"]:
        print(f"    replay: make {name} SEED={outcome['seed']}", flush=True)


def report(
    name: str, outcomes: Sequence[dict[str, Any]], count: int, seconds: float, *, everywhere: int
) -> int:
    """Say where nobody was killed, and the figure; returns the exit code.

    From `everywhere` seeds on, somebody has to have been killed at every failpoint.
    """
    broken = [outcome for outcome in outcomes if outcome["broken"]]
    killed = {place for outcome in outcomes for place in outcome["killed"]}
    missed = NAMES - killed if count >= everywhere else frozenset()
    if missed:
        print(f"nobody was killed at {', '.join(sorted(missed))}")
    print(
        f"{name}: {len(outcomes)} of {count} seeds in {seconds:.0f} s"
        f" ({len(outcomes) / seconds:.1f} a second), killed at {len(killed)} of {len(NAMES)}"
        f" failpoints, {len(broken)} seeds broke a promise"
    )
    return 0 if len(outcomes) == count and not broken and not missed else 1


def play(
    environments: Sequence[dict[str, str]], first: int, count: int
) -> Iterator[dict[str, Any]]:
    """The outcomes of these seeds, as they come in from one process per environment."""
    step = len(environments)
    commands = [
        _worker(first + number, len(range(first + number, first + count, step)), step)
        for number in range(step)
    ]
    yield from lines_of(commands, environments)


def lines_of(
    commands: Sequence[list[str]], environments: Sequence[dict[str, str]]
) -> Iterator[dict[str, Any]]:
    """The JSON lines that these processes write, as they come in."""
    lines: queue.Queue[str | None] = queue.Queue()
    children = []
    for command, environment in zip(commands, environments, strict=True):
        child = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        children.append(child)
        threading.Thread(target=_read, args=(child, lines), daemon=True).start()
    try:
        reading = len(children)
        while reading:
            line = lines.get()
            if line is None:
                reading -= 1
            elif line.startswith("{"):
                yield json.loads(line)
    finally:
        for child in children:
            child.kill()  # its database is thrown away
            child.wait()


def _read(child: subprocess.Popen[str], lines: queue.Queue[str | None]) -> None:
    assert child.stdout is not None
    for line in child.stdout:
        lines.put(line)
    lines.put(None)


def _worker(first: int, count: int, step: int, *more: str) -> list[str]:
    arguments = [str(first), str(count), "--step", str(step), *more]
    return [sys.executable, "-m", "tests.harness.worker", *arguments]


@contextmanager
def databases(count: int) -> Iterator[list[dict[str, str]]]:
    """A migrated database for each of `count` processes: their environments."""
    servers = free_servers(os.environ)
    servers.start()
    try:
        template = os.environ | servers.environment | {"CHAOSPLANE_ENV": "test"}
        migrate = [sys.executable, "manage.py", "migrate", "--no-input", "-v0", "--skip-checks"]
        subprocess.run(migrate, env=template, cwd=PROJECT, check=True)
        numbers = range(count)
        _copy(servers, [DATABASE.format(number=number) for number in numbers])
        yield [
            template | {"DATABASE_URL": _named(template["DATABASE_URL"], number)}
            for number in numbers
        ]
    finally:
        servers.stop()


def _copy(servers: Servers, names: Sequence[str]) -> None:
    address = f"host={servers.addresses.postgres_dir} user=chaosplane dbname=postgres"
    with psycopg.connect(address, autocommit=True) as session:
        for name in names:
            session.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
            session.execute(f"CREATE DATABASE {name} TEMPLATE chaosplane".encode())


def _named(url: str, number: int) -> str:
    return url.replace("/chaosplane?", f"/{DATABASE.format(number=number)}?")


if __name__ == "__main__":
    sys.exit(main())
