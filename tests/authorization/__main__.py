"""`make authz`: the whole table of who may do what, and every relation of the API injected.

In the suite each row is asked by some roles in turn; here by all. Ends in one line.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import Final

from tests.authorization.table import ROLES, read_table

ASKED: Final = re.compile(r"^(\d+) questions in", re.MULTILINE)
INJECTED: Final = re.compile(r"^(\d+) relations injected", re.MULTILINE)


def main() -> int:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rP", "tests/authorization", *sys.argv[1:]],
        env=os.environ | {"CHAOSPLANE_WHOLE_MATRIX": "1"},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    asked, injected = ASKED.search(done.stdout), INJECTED.search(done.stdout)
    if done.returncode or asked is None or injected is None:
        print(done.stdout)
        print("authz: FAILED")
        return done.returncode or 1
    rows = read_table()
    print(
        f"authz: {len({row.name for row in rows})} URLs ×"
        f" {len({row.method for row in rows})} methods × {len(ROLES)} actors,"
        f" {int(asked[1]):,} questions, {injected[1]} relations injected, 0 leaks, 0 rows missing"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
