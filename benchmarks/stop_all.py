"""`make bench NAME=stop_all`: 1,000 running experiments in 50 accounts, all stopped.

Time to the last StopExperiment that arrived, journal included, as a ratio to the bare
floor: threads over warm boto3 clients that do nothing else, in the same run.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exercises.domain.plans import AccountAccess

ACCOUNTS, EACH, ROUNDS, GOAL = 50, 20, 7, 1.5
REGION = "eu-central-1"


def main() -> int:
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.aws_stand_in"], stdout=subprocess.PIPE, text=True
    ) as stand_in:
        assert stand_in.stdout is not None
        url = f"http://127.0.0.1:{stand_in.stdout.readline().strip()}"
        try:
            return _measure(url)
        finally:
            stand_in.terminate()


def _measure(url: str) -> int:
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        os.environ[f"AWS_{name}"] = "chaosplane"
    os.environ["AWS_ENDPOINT_URL"] = url
    from exercises.aws.sessions import Purpose, client
    from exercises.stopping import stopper
    from exercises.stopping.journal import Journal
    from exercises.stopping.orders import Scope, StopOrder, StopTarget

    places = [_place(number) for number in range(ACCOUNTS)]
    targets = [
        StopTarget(place, "fis", f"EXP{number}x{n}", f"run-{number}-{n}", "2026-11")
        for n in range(EACH)
        for number, place in enumerate(places)
    ]
    clients = {place: client(place, "fis", Purpose.STOP) for place in places}

    def bare() -> None:
        by_account = {place: [t.ref for t in targets if t.access == place] for place in places}
        with ThreadPoolExecutor(ACCOUNTS) as pool:
            list(
                pool.map(
                    lambda p: [clients[p].stop_experiment(id=r) for r in by_account[p]], places
                )
            )

    with tempfile.TemporaryDirectory() as folder:

        def product() -> None:
            order = StopOrder(Scope.EXERCISE, "2026-11", "Lead", 1, "page")
            entry = Journal(Path(folder)).open(order, targets)
            receipts = stopper.stop(targets, patience_s=60)
            assert all(receipt.is_accepted for receipt in receipts)
            entry.add_receipts(receipts)

        for warm_up in (bare, product):
            _timed(url, warm_up)
        # One after the other, so that whatever else the machine does hits both alike.
        rounds = [(_timed(url, bare), _timed(url, product)) for _ in range(ROUNDS)]
    floor = statistics.median(first for first, _ in rounds)
    ours = statistics.median(second for _, second in rounds)
    ratio = statistics.median(second / first for first, second in rounds)
    good = ratio <= GOAL
    print(
        f"stop_all: {len(targets)} stops in {ACCOUNTS} accounts in {ours:.2f} s, bare boto3"
        f" {floor:.2f} s, ratio {ratio:.2f} (at most {GOAL}): {'good' if good else 'FALLS SHORT'}"
    )
    return 0 if good else 1


def _place(number: int) -> AccountAccess:
    from exercises.domain.plans import AccountAccess

    account = f"{number:012d}"
    role = f"arn:aws:iam::{account}:role/chaosplane"
    return AccountAccess(account, REGION, f"{role}-read", f"{role}-start", f"{role}-stop", "bench")


def _timed(url: str, work: Callable[[], None]) -> float:
    """Seconds until the last stop arrived."""
    began = time.monotonic()
    work()
    with urllib.request.urlopen(f"{url}/last") as answer:
        told = json.load(answer)
    assert told["count"] == ACCOUNTS * EACH, told
    return float(told["at"]) - began


if __name__ == "__main__":
    sys.exit(main())
