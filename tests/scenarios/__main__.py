"""Run the worked examples, each flawed and mended, and see that each has its verdict.

A whole installation with simulated AWS, sixty times faster: proposed, approved, checked and
judged as people would have it. One line an example; exits with 1 when one is not as expected.
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.request
from typing import TYPE_CHECKING

from tests.stop_matrix.installation import Installation, until

if TYPE_CHECKING:
    from exercises.models import Run

SPEED = 60


def main() -> int:
    began = time.monotonic()
    it = Installation(speed=SPEED)
    try:
        it.start()
        os.environ.update(it.env)
        import django

        django.setup()
        return _report(*_both(it), time.monotonic() - began)
    finally:
        it.stop()


def _both(it: Installation) -> tuple[dict[str, Run], dict[str, Run]]:
    """The runs of every example by its name: with its flaw, and with the flaw mended."""
    from exercises.domain.steady_state import BASELINE_S
    from exercises.management.demo.world import seed_world
    from tests.scenarios.play import play
    from tests.scenarios.table import EXAMPLES

    for world, _ in dict.fromkeys(example.fix for example in EXAMPLES):
        if world != "mqtt-broker":
            _ask(it, "PUT", world, {})
    people = seed_world()
    flawed = play(people)
    for world, fix in dict.fromkeys(example.fix for example in EXAMPLES):
        _ask(it, "POST", world, {fix: True})
    calm_at = time.monotonic() + BASELINE_S / SPEED
    until(lambda: time.monotonic() >= calm_at, "a baseline of its own")
    return flawed, play(people)


def _ask(it: Installation, method: str, world: str, body: dict[str, bool]) -> None:
    asked = urllib.request.Request(
        f"{it.aws_url}/simulator/worlds/{world}",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
        method=method,
    )
    urllib.request.urlopen(asked, timeout=60).close()


def _report(flawed: dict[str, Run], mended: dict[str, Run], seconds: float) -> int:
    from tests.scenarios.table import EXAMPLES

    good = 0
    for example in EXAMPLES:
        name = example.name
        found = (flawed[name].verdict, mended[name].verdict)
        is_good = found == (example.flawed, example.mended)
        good += is_good
        words = " -> ".join(verdict.replace("_", " ") for verdict in found)
        print(f"{name:<28} {words}{'' if is_good else '  UNEXPECTED'}")
        if not is_good:
            for run in (flawed[name], mended[name]):
                print(f"    {run.state} {run.state_reason} {run.verdict}: {run.verdict_reason}")
    print(f"scenarios: {good} of {len(EXAMPLES)} as expected ({seconds:.0f} s)")
    return 0 if good == len(EXAMPLES) else 1


if __name__ == "__main__":
    sys.exit(main())
