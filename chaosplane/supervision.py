"""Keeps processes running: what ends unasked is started again, ever more slowly.

chaosplane.demo is the caller; in production an orchestrator does this.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from chaosplane.embedded.processes import Child, last_line, spawn

LONGEST_WAIT_S = 30.0
# A process that ran this long was well: its next end starts the waits from the beginning.
WELL_AFTER_S = 60.0


@dataclass(frozen=True)
class Kept:
    name: str
    args: Sequence[str]
    # What a restart loses, said when it happens.
    loss: str = ""


@dataclass
class _Running:
    what: Kept
    child: Child
    since: float
    wait_s: float = 1.0
    again_at: float | None = None


class Keeper:
    def __init__(
        self,
        logs: Path,
        env: Mapping[str, str],
        cwd: Path,
        *,
        say: Callable[[str], None] = lambda line: print(line, flush=True),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.logs, self.env, self.cwd = logs, env, cwd
        self._say, self._clock = say, clock
        self._running: dict[str, _Running] = {}

    def keep(self, what: Kept) -> Child:
        child = self._spawn(what)
        self._running[what.name] = _Running(what, child, self._clock())
        return child

    def child(self, name: str) -> Child:
        """The process that runs under the name now."""
        return self._running[name].child

    def look_after(self) -> None:
        """One look at every process. Call it several times a second, from the main thread."""
        now = self._clock()
        for running in self._running.values():
            if running.again_at is not None:
                if now >= running.again_at:
                    running.child = self._spawn(running.what)
                    running.since, running.again_at = now, None
            elif not running.child.alive():
                self._plan_restart(running, now)

    def stop(self, seconds: float) -> None:
        """Ask all at once, the latest first; past the time they are ended."""
        end = time.monotonic() + seconds
        children = [running.child for running in reversed(self._running.values())]
        self._running.clear()
        for child in children:
            child.ask_to_stop()
        for child in children:
            child.wait_or_end(end - time.monotonic())
            _end_group(child)

    def _plan_restart(self, running: _Running, now: float) -> None:
        _end_group(running.child)
        if now - running.since >= WELL_AFTER_S:
            running.wait_s = 1.0
        running.again_at = now + running.wait_s
        name, code = running.what.name, running.child.process.returncode
        self._say(
            f"{name} ended unasked ({code}: {last_line(running.child.log)});"
            f" starting it again in {running.wait_s:g} s. {running.what.loss}".rstrip()
        )
        running.wait_s = min(running.wait_s * 2, LONGEST_WAIT_S)

    def _spawn(self, what: Kept) -> Child:
        return spawn(
            what.name, what.args, log=self.logs / f"{what.name}.log", env=self.env, cwd=self.cwd
        )


def _end_group(child: Child) -> None:
    """A killed worker leaves the processes of its pool behind: they share its group."""
    with suppress(ProcessLookupError):
        os.killpg(child.process.pid, signal.SIGKILL)
