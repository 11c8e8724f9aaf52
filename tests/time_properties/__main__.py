"""`make time-properties CASES=100000`: 0 differences, and the slowest expansions."""

from __future__ import annotations

import sys
import time

from tests.time_properties.cases import check, slowest_of_bombs

BUDGET_S = 0.05


def main(cases: int) -> int:
    began = time.perf_counter()
    different = 0
    slowest: list[tuple[float, str]] = []
    for seed in range(cases):
        outcome = check(seed)
        if outcome.difference:
            different += 1
            if different <= 10:
                print(f"DIFFERS {outcome.name}\n        {outcome.difference}")
        slowest = sorted([*slowest, (outcome.seconds, outcome.name)], reverse=True)[:3]
        if seed and seed % 10_000 == 0:
            print(f"{seed:,} cases, {different} differences", flush=True)
    print("Slowest rules:")
    for seconds, name in slowest:
        print(f"  {seconds * 1000:6.2f} ms  {name}")
    print("Rules made to be slow:")
    best = slowest_of_bombs()
    for seconds, text in best:
        print(f"  {seconds * 1000:6.2f} ms  {text}")
    is_fast = best[0][0] < BUDGET_S
    took = time.perf_counter() - began
    print(
        f"time-properties: {cases:,} cases, {different} differences, "
        f"slowest rule {best[0][0] * 1000:.1f} ms, {took:.0f} s"
    )
    return 0 if is_fast and not different else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
