"""The processes of a Chaos Toolkit run: start one with nothing of ours, end all that it started.

engines.toolkit_supervisor is the caller. A process is known by a mark in its environment that
everything it starts inherits, so none is missed that left its group or lost its parent.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MARK: Final = "CHAOSPLANE_TOOLKIT_RUN"
PYTHON: Final = "CHAOSPLANE_TOOLKIT_PYTHON"
CHILD: Final = Path(__file__).parent / "toolkit_child"
_PASSED_ON: Final = (
    "AWS_ENDPOINT_URL",
    "AWS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "LANG",
)
"""What of our environment a run needs to reach AWS; nothing else of it is handed on."""
_MEGABYTE: Final = 1_000_000
LIMITS: Final[Mapping[str, int]] = {
    "RLIMIT_CPU": 1_800,
    "RLIMIT_AS": 4_000 * _MEGABYTE,
    "RLIMIT_FSIZE": 20 * _MEGABYTE,
    "RLIMIT_NOFILE": 4_096,
    "RLIMIT_CORE": 0,
}
PROCESSES: Final = 200
"""How many more processes and threads its user may have than when it began."""


@dataclass(frozen=True, slots=True)
class Started:
    """A process of a run and the end of the pipe on which it tells its events."""

    process: subprocess.Popen[bytes]
    events: int


def toolkit_python() -> Path:
    """The Python of the toolkit's virtualenv. Raises FileNotFoundError that names the setting."""
    named = os.environ.get(PYTHON, "")
    if not named or not os.access(named, os.X_OK):
        raise FileNotFoundError(f"{PYTHON} names no program that can be run: {named!r}")
    return Path(named)


def begin(
    work: Path, run_id: str, mode: str, strategy: str, credentials: Mapping[str, str]
) -> Started:
    """Start the experiment in `work`. Raises OSError."""
    python = toolkit_python()
    reading, writing = os.pipe()
    limits = {**LIMITS, "RLIMIT_NPROC": _processes() + PROCESSES}
    try:
        with (work / f"{mode}.log").open("wb") as log:
            process = subprocess.Popen(
                [python, "-s", CHILD / "run.py", mode, strategy, str(writing), json.dumps(limits)],
                cwd=work,
                env=_environment(work, python, run_id) | dict(credentials),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=(writing,),
                start_new_session=True,
            )
    except OSError:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    os.set_blocking(reading, False)
    return Started(process, reading)


def _environment(work: Path, python: Path, run_id: str) -> dict[str, str]:
    passed_on = {name: os.environ[name] for name in _PASSED_ON if os.environ.get(name)}
    return {
        **passed_on,
        MARK: run_id,
        "PATH": f"{python.parent}:/usr/bin:/bin",
        "HOME": str(work),
        "TMPDIR": str(work),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _processes() -> int:
    """Processes and threads that this user has now: the limit counts all of them."""
    found = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if folder.stat().st_uid == os.geteuid():
                found += len(list((folder / "task").iterdir()))
        except OSError:
            continue  # it has ended while we looked
    return found


def end_all(run_id: str, *, patience_s: float = 5.0) -> bool:
    """Kill everything that carries the mark of this run; whether nothing of it is left."""
    ends_at = time.monotonic() + patience_s
    while left := marked(run_id):
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if time.monotonic() > ends_at:
            return False
        time.sleep(0.02)
    return True


def marked(run_id: str) -> list[int]:
    """The living processes of this run."""
    mark = f"{MARK}={run_id}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            is_ours = mark in (folder / "environ").read_bytes().split(b"\0")
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0] if is_ours else "Z"
        except (OSError, IndexError):
            continue  # somebody else's, or ended while we looked
        if state != "Z":
            found.append(int(folder.name))
    return found
