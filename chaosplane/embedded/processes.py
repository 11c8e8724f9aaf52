"""Child processes that end with their parent; the embedded servers and the demo are the callers.

Spawn from the main thread only: Linux sends the parent-death signal when the *thread* that
forked ends (prctl(2), PR_SET_PDEATHSIG).
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
NOBODY = 65534


class CannotStart(Exception):
    """A process could not be brought up; the message says which and where to look."""


@dataclass
class Child:
    name: str
    process: subprocess.Popen[bytes]
    stop_signal: signal.Signals
    log: Path

    def alive(self) -> bool:
        return self.process.poll() is None

    def ask_to_stop(self) -> None:
        if self.alive():
            self.process.send_signal(self.stop_signal)

    def wait_or_end(self, seconds: float) -> None:
        """Wait for a child that was asked to stop; past the time end its whole group."""
        try:
            self.process.wait(max(seconds, 0.1))
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def spawn(
    name: str,
    args: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str],
    stop_signal: signal.Signals = signal.SIGTERM,
    cwd: Path | None = None,
    as_nobody: bool = False,
) -> Child:
    """Start a child in a process group of its own, so that Ctrl-C reaches only the parent."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        process = subprocess.Popen(
            [str(arg) for arg in args],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=dict(env),
            cwd=cwd,
            process_group=0,
            # Safe here: it makes one system call, and we fork from the main thread.
            preexec_fn=_end_with_parent(stop_signal),  # noqa: PLW1509
            user=NOBODY if as_nobody else None,
            group=NOBODY if as_nobody else None,
            extra_groups=[] if as_nobody else None,
        )
    return Child(name, process, stop_signal, log)


def _end_with_parent(stop_signal: signal.Signals) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def ask_kernel() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(stop_signal))
        # The parent may have died between fork and prctl: then nobody would ever signal us.
        if os.getppid() != parent:
            os._exit(1)

    return ask_kernel


def wait_until(child: Child, ready: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not ready():
        if not child.alive():
            raise CannotStart(
                f"{child.name} ended with {child.process.returncode}:"
                f" {last_line(child.log)} (all of it in {child.log})"
            )
        if time.monotonic() > end:
            raise CannotStart(f"{child.name} is not ready after {seconds:g} s: see {child.log}")
        time.sleep(0.02)


def tail(log: Path, lines: int) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def last_line(log: Path) -> str:
    return tail(log, 1).strip() or "it wrote nothing"


def socket_answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def end_leftover(pid_file: Path, marker: str, stop_signal: signal.Signals) -> None:
    """End the server that an earlier parent left, if the process of that number is one.

    Only the holder of the home's lock may call this.
    """
    if not pid_file.exists():
        return
    first = pid_file.read_text().partition("\n")[0].strip()
    # The number may belong to another program by now, which the marker tells.
    if first.isdigit() and marker in command_of(int(first)):
        os.kill(int(first), stop_signal)
        end = time.monotonic() + 15
        while command_of(int(first)):
            if time.monotonic() > end:
                raise CannotStart(f"Process {first}, left by an earlier start, does not end.")
            time.sleep(0.02)
    pid_file.unlink(missing_ok=True)


def command_of(pid: int) -> str:
    """The command line of a running process, empty when there is none."""
    entry = Path(f"/proc/{pid}/cmdline")
    if Path("/proc/self/cmdline").exists():
        try:
            return entry.read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            return ""
    found = subprocess.run(
        ["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False
    )
    return found.stdout.strip()
