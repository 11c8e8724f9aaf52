"""`make planted-bugs`: is every bug on purpose seen by the oracle, and after how many seeds?

A bug that is not seen within the limit is a hole in the schedules or in the oracle.
BUG=name tries one.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Final

from tests.harness.inprocess import databases, lines_of

LEAST: Final = 20
"""So many bugs there have to be."""


def main() -> int:
    names = os.environ.get("BUG", "").split()
    began = time.monotonic()
    with databases(os.cpu_count() or 1) as environments:
        of = str(len(environments))
        commands = [
            [sys.executable, "-m", "tests.harness.hunter", str(number), of, *names]
            for number in range(len(environments))
        ]
        hunts = []
        for line in lines_of(commands, environments):
            hunts.append(line)
            if line["seeds"] is None:
                print(f"{line['bug']:<28} NOT CAUGHT: {line['seen']}", flush=True)
            elif names or os.environ.get("VERBOSE"):
                print(f"{line['bug']:<28} {line['seeds']:>3} seeds  {line['seen']}", flush=True)
    caught = [line["seeds"] for line in hunts if line["seeds"] is not None]
    print(
        f"planted-bugs: {len(caught)} of {len(hunts)} caught, the slowest after"
        f" {max(caught, default=0)} seeds, in {time.monotonic() - began:.0f} s"
    )
    is_enough = len(hunts) >= (len(names) or LEAST)
    return 0 if len(caught) == len(hunts) and is_enough else 1


if __name__ == "__main__":
    sys.exit(main())
