"""`make tamper CASES=n`: that many packs, a byte of every part flipped in each.

A part is each file, each file's header, the directory and the end record of the ZIP. Every
alteration must be found, and every pack as it was made must be whole.
"""

from __future__ import annotations

import random
import sys

from exercises.domain.evidence_pack import verify
from tests.evidence.packs import flipped, small_pack, spans


def main(cases: int) -> int:
    flips = missed = alarms = 0
    for seed in range(cases):
        rng = random.Random(seed)
        data = small_pack(rng)
        alarms += bool(verify(data).problems)
        for part, (begins, ends) in spans(data).items():
            altered = flipped(data, rng.randrange(begins, ends), rng)
            flips += 1
            if not verify(altered).problems:
                missed += 1
                print(f"seed {seed}: a flipped byte in {part} was not found")
    print(
        f"tamper: {flips} flipped bytes in {cases} packs, {missed} not found,"
        f" {alarms} whole packs called altered"
    )
    return 1 if missed or alarms else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
