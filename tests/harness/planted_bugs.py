"""`make planted-bugs`: is every bug on purpose seen by the oracle, and after how many seeds?

A bug that is not seen within the limit is a hole in the schedules or in the oracle.
BUG=name tries one.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Final

from tests.harness.inprocess import databases, play

LIMIT: Final = 200
"""Seeds within which a bug has to show."""


def main() -> int:
    names = os.environ.get("BUG", "").split() or _names()
    began = time.monotonic()
    with databases(os.cpu_count() or 1) as environments:
        free = list(environments)
        with ThreadPoolExecutor(len(environments)) as pool:
            found = list(pool.map(lambda name: _hunt(name, free), names))
    caught = [seeds for seeds in found if seeds is not None]
    print(
        f"planted-bugs: {len(caught)} of {len(names)} caught, the slowest after"
        f" {max(caught, default=0)} seeds, in {time.monotonic() - began:.0f} s"
    )
    return 0 if len(caught) == len(names) and caught else 1


def _hunt(name: str, free: list[dict[str, str]]) -> int | None:
    """How many seeds it took to see it; None when it was not seen."""
    environment = free.pop()
    try:
        seen = 0
        for outcome in play([environment], 0, LIMIT, bug=name):
            seen += 1
            if any(promise.startswith("error:") for promise in outcome["broken"]):
                print(f"{name:<26} breaks the harness itself: {outcome['broken'][0]}", flush=True)
                return None
            if outcome["broken"]:
                first = str(outcome["broken"][0]).splitlines()[-1]
                print(f"{name:<26} {seen:>4} seeds  {first}", flush=True)
                return seen
        print(f"{name:<26} NOT CAUGHT in {seen} seeds", flush=True)
        return None
    finally:
        free.append(environment)


def _names() -> Sequence[str]:
    """Read from the text: the bugs themselves need a configured Django."""
    from pathlib import Path

    lines = Path(__file__).with_name("planted.py").read_text(encoding="utf-8").splitlines()
    return [
        line.removeprefix("def ").partition("(")[0].replace("_", "-")
        for before, line in pairwise(lines)
        if before == "@bug"
    ]


if __name__ == "__main__":
    sys.exit(main())
