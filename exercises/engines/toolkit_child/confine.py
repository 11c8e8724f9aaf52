"""Bound a process and all that it will start, before anything of an experiment is loaded.

run.py, beside this file, is the caller; the standard library only.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys

_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)


def confine(limits: dict[str, int]) -> None:
    """Bound what this process and all it starts may use, and end it with its supervisor."""
    for name, most in limits.items():
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (least, least))
    os.umask(0o077)
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the supervisor is gone")
