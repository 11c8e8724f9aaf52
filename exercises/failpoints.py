"""Named places where a crash hurts most, so that tests can have one there.

No-op unless CHAOSPLANE_FAILPOINTS names a folder, which production refuses. A file in it,
called like a failpoint, says what happens to the first process that comes by: `kill`,
`pause 5` (the whole process, until it is woken or the seconds are over), `sleep 5` or
`raise`. Removing the file is how a process takes the order, so one order strikes once.
In one process `arm` gives the place to a function instead. tests/harness is the caller.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

INSIDE: Final = frozenset(
    {
        "go.before_commit",
        "decide.before_commit",
        "edit.before_commit",
        "start.before_intent_commit",
        "start.before_record_commit",
        "settle.before_commit",
        "stop.before_latch_commit",
        "observe.before_commit",
        "judge.before_commit",
        "debrief.before_commit",
    }
)
"""Inside a transaction: what was written before them is undone by a crash."""

BETWEEN: Final = frozenset(
    {
        "due.claimed",
        "start.claimed",
        "start.prepared",
        "start.intent_committed",
        "start.before_send",
        "start.sent",
        "start.recorded",
        "settle.claimed",
        "settle.found",
        "settle.not_found",
        "settle.allowed",
        "stop.journalled",
        "stop.latched",
        "stop.sent",
        "observe.claimed",
        "observe.redriven",
        "observe.read",
        "observe.written",
        "observe.archived",
    }
)
"""Between transactions: what was written before them stays."""

NAMES: Final = INSIDE | BETWEEN

HITS: Final = "hits"
"""The file that counts: a line for each order carried out, on disk before it is."""

_folder: Final = os.environ.get("CHAOSPLANE_FAILPOINTS", "")
_armed: dict[str, Callable[[], None]] = {}


class FailpointRaised(BaseException):
    """The order was `raise`. Not an Exception: no handler of ours may take it for a fault."""


def failpoint(name: str) -> None:
    """Do what was ordered for this place; nothing in ordinary life."""
    if _armed:
        act = _armed.get(name)
        if act is not None:
            act()
    if _folder:
        _carry_out(name, Path(_folder))


def arm(orders: dict[str, Callable[[], None]]) -> None:
    """Give places of this process to functions; an empty mapping disarms all."""
    unknown = orders.keys() - NAMES
    if unknown:
        raise ValueError(f"there is no failpoint {', '.join(sorted(unknown))}")
    _armed.clear()
    _armed.update(orders)


def _carry_out(name: str, folder: Path) -> None:
    order = folder / name
    try:
        words = order.read_text(encoding="utf-8").split()
        order.unlink()
    except FileNotFoundError:
        return
    action, seconds = words[0], float(words[1]) if len(words) > 1 else 0.0
    with (folder / HITS).open("a", encoding="utf-8") as hits:
        hits.write(f"{name} {action}\n")
        hits.flush()
        os.fsync(hits.fileno())
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif action == "pause":
        _pause(seconds)
    elif action == "sleep":
        time.sleep(seconds)
    elif action == "raise":
        raise FailpointRaised(name)
    else:
        raise ValueError(f"{order}: {action!r} is not kill, pause, sleep or raise")


def _pause(seconds: float) -> None:
    """Stop every thread of this process; a helper of its own wakes it."""
    wake = (
        "import os, signal, sys, time; time.sleep(float(sys.argv[2]));"
        " os.kill(int(sys.argv[1]), signal.SIGCONT)"
    )
    subprocess.Popen([sys.executable, "-c", wake, str(os.getpid()), str(seconds)])
    os.kill(os.getpid(), signal.SIGSTOP)
