"""`make fuzz CASES=50000`: so many template documents with something wrong in them, through all
that reads, checks and digests one; one in five hundred of them through the API and PostgreSQL.

Ends in one line with its figures. Exits with 1 when anything but a named problem comes of one,
when one takes over 200 ms, or when the same content has another digest.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

OF_THE_API = 500
FEWEST = 40
SHOWN = 10


def main(cases: int) -> int:
    as_it_was = dict(os.environ)
    os.environ.setdefault("CHAOSPLANE_ENV", "test")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chaosplane.settings")
    import django

    django.setup()
    from tests.fuzz.check import LIMIT_S, outcome_of
    from tests.fuzz.documents import case

    began = time.perf_counter()
    read = sound = wrong = 0
    slowest = 0.0
    for number in range(cases):
        outcome = outcome_of(*case(number))
        read += outcome.is_read
        sound += outcome.is_sound
        slowest = max(slowest, outcome.took_s)
        found = outcome.wrong or (f"{outcome.took_s:.3f} s" if outcome.took_s > LIMIT_S else "")
        if found:
            wrong += 1
            if wrong <= SHOWN:
                print(f"WRONG case {number}: {found}", flush=True)
    through_api = max(FEWEST, cases // OF_THE_API)
    # In a process of its own: pytest wants to load first what is loaded here by now.
    test = str(Path(__file__).parent / "test_documents.py")
    code = subprocess.run(
        [sys.executable, "-m", "pytest", test, "-q"],
        env=as_it_was | {"CASES": str(through_api)},
        check=False,
    ).returncode
    print(
        f"fuzz: {cases:,} documents, {read:,} were JSON, {sound:,} sound; {wrong} went wrong,"
        f" slowest {slowest * 1000:.0f} of {LIMIT_S * 1000:.0f} ms;"
        f" {through_api:,} through the API: {'no 5xx' if code == 0 else 'FAILED'},"
        f" {time.perf_counter() - began:.0f} s"
    )
    return 1 if wrong or code else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000))
