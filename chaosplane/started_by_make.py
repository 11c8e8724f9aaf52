"""Notices that the `make` which started us was asked to stop; chaosplane.demo is the caller.

Ctrl-C in a terminal reaches make and us alike. A program that interrupts make alone reaches only
make, which then waits for us and passes nothing on (GNU make, "Interrupting or Killing make").
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

MAKES = frozenset({"make", "gmake"})


def watch() -> Callable[[], bool]:
    """A question to ask now and then: has make been asked to stop, or ended?

    Always "no" where another program started us, or where there is no /proc to ask.
    """
    parent = os.getppid()
    if _name(parent) not in MAKES or not _catches_interrupt(parent):
        return lambda: False
    # On its way out make gives the signal back its default action, and no sooner.
    return lambda: os.getppid() != parent or not _catches_interrupt(parent)


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def _catches_interrupt(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    caught = re.search(r"^SigCgt:\s*([0-9a-f]+)$", status, re.MULTILINE)
    return bool(caught and int(caught[1], 16) >> (signal.SIGINT - 1) & 1)
