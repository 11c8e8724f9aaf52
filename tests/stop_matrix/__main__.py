"""Press Stop many times under each failure, and see that AWS took every one in time.

Every other try is a program's, over the API. Ends in one line with its figures; exits with 1
when a stop was not accepted, was slower than five seconds, or was lost.
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.stop_matrix.installation import Installation, until

SLOWEST_S = 5.0

Break = Callable[[Installation], object]


def _all_dead(it: Installation) -> None:
    it.kill_celery()
    it.kill_server("PostgreSQL")
    it.kill_server("Valkey")


CONDITIONS: dict[str, Break] = {
    "all up": lambda it: None,
    "Valkey dead": lambda it: it.kill_server("Valkey"),
    "Valkey hung": lambda it: it.hang_server("Valkey"),
    "PostgreSQL dead": lambda it: it.kill_server("PostgreSQL"),
    "PostgreSQL hung": lambda it: it.hang_server("PostgreSQL"),
    "Celery stopped": lambda it: it.kill_celery(),
    "all of them": _all_dead,
}


@dataclass
class Figures:
    tries: int = 0
    accepted: int = 0
    lost: int = 0
    seconds: list[float] = field(default_factory=list)

    @property
    def slowest(self) -> float:
        return max(self.seconds, default=0.0)

    @property
    def is_good(self) -> bool:
        return self.accepted == self.tries and self.slowest <= SLOWEST_S and not self.lost


def main(tries: int, names: Sequence[str]) -> int:
    it = Installation()
    try:
        it.start()
        os.environ.update(it.env)
        import django

        django.setup()
        found = {name: _under(it, name, tries) for name in names}
    finally:
        it.stop()
    total = Figures(
        sum(each.tries for each in found.values()),
        sum(each.accepted for each in found.values()),
        sum(each.lost for each in found.values()),
        [second for each in found.values() for second in each.seconds],
    )
    is_good = all(each.is_good for each in found.values())
    print(
        f"stop-matrix: {total.accepted} of {total.tries} stops accepted by AWS under"
        f" {len(found)} conditions, slowest {total.slowest:.2f} s (at most {SLOWEST_S:g}),"
        f" {total.lost} lost: {'good' if is_good else 'FALLS SHORT'}"
    )
    return 0 if is_good else 1


_stage: Any = None


def _under(it: Installation, name: str, tries: int) -> Figures:
    from django.db import connection

    from tests.stop_matrix import runs

    global _stage
    _stage = _stage or runs.Stage()
    figures, pressed = Figures(), []
    while figures.tries < tries:
        until(_stage.has_room, "room in AWS")
        batch = _stage.running(min(runs.AT_ONCE, tries - figures.tries))
        _until_listed(it, batch)
        connection.close()
        CONDITIONS[name](it)
        try:
            for run in batch:
                by_program = figures.tries % 2 == 1
                figures.tries += 1
                accepted, seconds = press_stop(it, str(run.pk), by_program=by_program)
                figures.accepted += accepted
                figures.seconds.append(seconds)
        finally:
            it.heal()
        pressed += batch
    figures.lost = _lost_after_healing(pressed)
    median = sorted(figures.seconds)[len(figures.seconds) // 2]
    print(
        f"{name:<16} {figures.accepted}/{figures.tries} accepted, median {median:.2f} s,"
        f" slowest {figures.slowest:.2f} s, {figures.lost} lost",
        flush=True,
    )
    return figures


def _until_listed(it: Installation, batch: list[Any]) -> None:
    from tests.stop_matrix import runs

    folder = Path(it.env["CHAOSPLANE_STOP_JOURNAL"])
    until(lambda: runs.listed(folder, batch), "the sentinel's list")


def _lost_after_healing(batch: list[Any]) -> int:
    from tests.stop_matrix import runs

    try:
        until(lambda: not runs.lost(batch), "every stop is known", 120)
    except RuntimeError:
        for run in runs.not_ended(batch):
            print(f"  lost: {run.pk} {run.experiment_ref} is {run.state}: {run.state_reason}")
        return runs.lost(batch)
    return 0


def press_stop(it: Installation, run_id: str, *, by_program: bool) -> tuple[bool, float]:
    """Whether AWS took the stop, and after how many seconds."""
    asked = _of_a_program(it, run_id) if by_program else _of_a_browser(it, run_id)
    began = time.monotonic()
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            told = json.load(answer)
    except urllib.error.HTTPError as error:
        print(f"  {run_id} not accepted: {error} {error.read().decode()[:600]}", flush=True)
        return False, time.monotonic() - began
    except (OSError, ValueError) as error:
        print(f"  {run_id} not accepted: {error}", flush=True)
        return False, time.monotonic() - began
    seconds = time.monotonic() - began
    if by_program:
        return bool(told["accepted"]), seconds
    return bool(told["is_accepted"] and len(told["stopped"]) == 1), seconds


def _of_a_browser(it: Installation, run_id: str) -> urllib.request.Request:
    """What the browser of somebody who signed in earlier would send."""
    token = "c" * 32
    cookies = f"stop_capability={_stage.capability}; csrftoken={token}"
    return urllib.request.Request(
        f"{it.url}/runs/{run_id}/stop/",
        data=f"confirm=1&csrfmiddlewaretoken={token}".encode(),
        headers={"Cookie": cookies, "Accept": "application/json"},
    )


def _of_a_program(it: Installation, run_id: str) -> urllib.request.Request:
    """What a developer platform with a token would send."""
    return urllib.request.Request(
        f"{it.url}/api/v1/runs/{run_id}/stop/",
        data=b'{"reason": "stop matrix"}',
        headers={
            "Authorization": f"Bearer {_stage.token}",
            "Content-Type": "application/json",
        },
    )


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5, sys.argv[2:] or list(CONDITIONS)))
