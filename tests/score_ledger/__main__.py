"""`make ledger CASES=10000`: so many generated game days, the board after every entry of each
against an independent oracle; one in a hundred of them through PostgreSQL and the services.
"""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from tests.score_ledger.compare import check

OF_ROWS = 100
SHOWN = 5


def main(cases: int) -> int:
    began = time.perf_counter()
    boards = different = 0
    with ProcessPoolExecutor() as processes:
        for compared, difference in processes.map(check, range(cases), chunksize=50):
            boards += compared
            if difference:
                different += 1
                if different <= SHOWN:
                    print(f"DIFFERS {difference}", flush=True)
    of_rows = max(1, cases // OF_ROWS)
    os.environ["CASES"] = str(of_rows)
    code = pytest.main([str(Path(__file__).parent / "test_board_of_rows.py"), "-q"])
    took = time.perf_counter() - began
    print(
        f"ledger: {cases:,} game days, {boards:,} boards compared, {different} differences;"
        f" {of_rows:,} of them as rows: {'the same' if code == 0 else 'DIFFERENT'}, {took:.0f} s"
    )
    return 1 if different or code else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
