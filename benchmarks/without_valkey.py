"""`make bench NAME=without_valkey`: how late runs start when Valkey is away.

Real PostgreSQL, Celery, sentinel and simulated AWS. Valkey is ended before the exercise and
stays away, as starts are handed out, and with starts in the hands of workers; nothing that
ends with it is started again. Exits with 1 when a run did not start, or later than 30 s
after its slot. `ARGS=--short` starts few.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.stop_matrix.installation import Installation, until

if TYPE_CHECKING:
    from exercises.models import Run

LATEST_S = 30.0
APART_S = 1.5
MOMENTS = {
    "away from the beginning": 15.0,
    "lost as starts are handed out": 0.0,
    "lost with starts in flight": 0.0,
}
"""Seconds before the first slot at which Valkey ends."""


def main(arguments: Sequence[str]) -> int:
    starts = 3 if "--short" in arguments else 12
    it = Installation(speed=60)
    failpoints = it.home / "failpoints"
    failpoints.mkdir()
    it.env["CHAOSPLANE_FAILPOINTS"] = str(failpoints)
    try:
        it.start()
        os.environ.update(it.env)
        del os.environ["CHAOSPLANE_FAILPOINTS"]
        import django

        django.setup()
        first = _rehearsed()
        late = []
        for moment, before_s in MOMENTS.items():
            if "in flight" in moment:
                for name in ("start.claimed", "start.prepared"):
                    (failpoints / name).write_text("sleep 5")
            late += _played(it, first, moment, before_s, starts)
            it.heal()
    finally:
        it.stop()
    started = [each for each in late if each is not None]
    good = len(started) == len(late) and max(started) <= LATEST_S
    print(
        f"without_valkey: {len(started)} of {len(late)} runs started under {len(MOMENTS)}"
        f" conditions, the latest {max(started, default=0):.1f} s after its slot"
        f" (at most {LATEST_S:g}): {'good' if good else 'FALLS SHORT'}"
    )
    return 0 if good else 1


def _rehearsed() -> Run:
    """A run of a live exercise, after Go, whose rehearsals may follow each other.

    A rehearsal goes the whole way of a start and injects nothing, so that as many as wanted
    may start in one account.
    """
    from exercises.models import Exercise
    from tests import build
    from tests.cast import assemble

    exercise, run = build.live(assemble(), slot_offset_s=3600)
    Exercise.objects.filter(pk=exercise.pk).update(phase="preflight")
    return run


def _played(
    it: Installation, first: Run, moment: str, before_s: float, starts: int
) -> list[float | None]:
    """Seconds from slot to start of each run; None for one that did not start."""
    from django.db import connection

    from exercises.models import Run
    from exercises.services.run_plan import schedule_run

    lost_at = datetime.now(UTC) + timedelta(seconds=4)
    slots = [lost_at + timedelta(seconds=before_s + APART_S * n) for n in range(starts)]
    runs = [
        schedule_run(experiment=first.experiment, at=slot, scheduled_by_id=None, is_rehearsal=True)
        for slot in slots
    ]
    time.sleep(max(0.0, (lost_at - datetime.now(UTC)).total_seconds()))
    it.kill_server("Valkey")
    mine = Run.objects.filter(pk__in=[run.pk for run in runs])
    until(lambda: not mine.filter(started_at=None, ended_at=None).exists(), "every start", 120)
    late = [_late(run) for run in mine]
    started = [each for each in late if each is not None]
    latest = max(started, default=0)
    print(f"{moment:<32}{len(started)}/{starts} started, latest {latest:.1f} s", flush=True)
    for run in mine.filter(started_at=None):
        print(f"  {run.pk} is {run.state}: {run.state_reason}")
    connection.close()
    return late


def _late(run: Any) -> float | None:
    if run.asked_at is None or not run.experiment_ref:
        return None
    return float((run.asked_at - run.scheduled_at).total_seconds())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
