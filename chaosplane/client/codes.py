"""What the commands exit with; docs/api/cli.md is for who reads them."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    HELD = 0
    NOT_HELD = 1
    BLOCKED = 2
    TOOL = 3
    STOPPED = 4
    DUE = 5
    INTERRUPTED = 130  # what shells say of Ctrl-C
