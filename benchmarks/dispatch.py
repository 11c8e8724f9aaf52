"""`make bench NAME=dispatch`: how many due rows a tick hands out, and how late a start is.

Real PostgreSQL, Valkey, worker, beat and simulated AWS, on an installation of its own. Both
figures are held against the least that the same servers can do in the same run: bare SQL
that claims rows and pushes them into a list, and a bare timer that does so at each slot.
`ARGS=--short` measures little, to see that it runs.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import redis

from tests.drills.installation import Installation, running_installation

BATCH = 100
APART_S = 1.5
CLAIM = """
WITH due AS (
    SELECT id FROM bench_rows WHERE due_at <= now() AND lease_until IS NULL
    ORDER BY due_at, id FOR UPDATE SKIP LOCKED LIMIT %s
)
UPDATE bench_rows r SET lease_until = now() + interval '60 s', fence = fence + 1
FROM due WHERE r.id = due.id RETURNING r.id
"""
TABLE = """
CREATE TABLE bench_rows (
    id bigserial PRIMARY KEY, due_at timestamptz, lease_until timestamptz, fence bigint DEFAULT 0
);
CREATE INDEX ON bench_rows (due_at)
"""


def main(arguments: list[str]) -> int:
    is_short = "--short" in arguments
    rows, rounds, starts = (200, 1, 3) if is_short else (2000, 5, 12)
    with (
        tempfile.TemporaryDirectory(prefix="chaosplane-bench-") as folder,
        running_installation(Path(folder)) as installation,
    ):
        os.environ.update(installation.env)
        import django

        django.setup()
        late = _lateness(installation, starts)
        # Beat would hand out what is measured next.
        installation.stop_parts("beat", "worker")
        handed = _hand_out(installation, rows, rounds)
    figures = {
        "benchmark": "dispatch",
        "rows": rows,
        "rows_per_s": round(handed[0]),
        "floor_rows_per_s": round(handed[1]),
        "hand_out_ratio": round(handed[1] / handed[0], 2),
        "starts": starts,
        "late_ms_median": round(1000 * statistics.median(late[0]), 2),
        "late_ms_worst": round(1000 * max(late[0]), 2),
        "floor_ms": round(1000 * statistics.median(late[1]), 2),
        "late_ratio": round(statistics.median(late[0]) / statistics.median(late[1]), 2),
    }
    _print(figures)
    return 0


def _print(figures: dict[str, Any]) -> None:
    lines = (
        ("due rows handed out", "rows_per_s", "floor_rows_per_s", "hand_out_ratio", "rows/s"),
        ("start after its slot", "late_ms_median", "floor_ms", "late_ratio", "ms, median"),
    )
    print(f"{'':22}{'chaosplane':>12}{'floor':>12}{'ratio':>8}")
    for name, ours, floor, ratio, unit in lines:
        print(f"{name:22}{figures[ours]:>12}{figures[floor]:>12}{figures[ratio]:>8}  {unit}")
    print(f"latest of {figures['starts']} starts: {figures['late_ms_worst']} ms after its slot")
    print(json.dumps(figures))


# -- How many rows a second ---------------------------------------------------------------


def _hand_out(installation: Installation, rows: int, rounds: int) -> tuple[float, float]:
    """Rows a second, of the tick and of the floor: medians of rounds that take turns."""
    from exercises.models import AccountRegion, CloudAccount
    from exercises.services.due_work import tick

    account = CloudAccount.objects.first()
    assert account is not None
    AccountRegion.objects.bulk_create(
        AccountRegion(account=account, region=f"bench-{number}") for number in range(rows)
    )
    queue = redis.Redis.from_url(installation.env["REDIS_URL"])
    installation.ask(TABLE)
    installation.ask("INSERT INTO bench_rows SELECT generate_series(1, %s), now()", rows)

    def ours() -> float:
        AccountRegion.objects.filter(region__startswith="bench-").update(
            due_at="2000-01-01T00:00:00Z", lease_until=None
        )
        return _timed(rows, tick)

    def floor() -> float:
        installation.ask("UPDATE bench_rows SET lease_until = NULL")
        with psycopg.connect(installation.database, autocommit=True) as session:

            def step() -> int:
                claimed = session.execute(CLAIM, [BATCH]).fetchall()
                for (row_id,) in claimed:
                    queue.lpush("bench", json.dumps({"id": row_id}))
                return len(claimed)

            return _timed(rows, step)

    rates = [(ours(), floor()) for _ in range(rounds + 1)][1:]  # the first warms both up
    return statistics.median(r[0] for r in rates), statistics.median(r[1] for r in rates)


def _timed(rows: int, step: Callable[[], int]) -> float:
    began, done = time.perf_counter(), 0
    while done < rows:
        done += step()
    return done / (time.perf_counter() - began)


# -- How late a start is ------------------------------------------------------------------


def _lateness(installation: Installation, starts: int) -> tuple[list[float], list[float]]:
    """Seconds between slot and intent of rehearsals, and of the floor: a bare timer beside
    them, so that both suffer what else the machine does.

    A rehearsal goes the whole way of a start and injects nothing, so that as many as wanted
    may follow each other.
    """
    from exercises.domain.exercise_phases import Phase
    from exercises.models import Exercise, Run
    from exercises.services.run_plan import schedule_run

    first = Run.objects.get(pk=installation.go("mqtt-broker", minutes=1))
    installation.eventually(lambda: installation.state(str(first.pk)) == "completed")
    # Before Go again, so that no debrief opens meanwhile.
    exercise_id = first.experiment.exercise_id
    Exercise.objects.filter(pk=exercise_id).update(phase=Phase.PREFLIGHT.value)
    begins_at = datetime.now(UTC) + timedelta(seconds=4)
    slots = [begins_at + timedelta(seconds=APART_S * number) for number in range(starts)]
    runs = [
        schedule_run(experiment=first.experiment, at=slot, scheduled_by_id=None, is_rehearsal=True)
        for slot in slots
    ]
    with ThreadPoolExecutor(1) as pool:
        floor = pool.submit(_bare_timer, installation, slots)
        mine = Run.objects.filter(pk__in=[run.pk for run in runs])
        installation.eventually(lambda: not mine.filter(asked_at=None, ended_at=None).exists())
        late = [run.asked_at - run.scheduled_at for run in mine if run.asked_at is not None]
        assert len(late) == starts, list(mine.values_list("state", "state_reason"))
        return [each.total_seconds() for each in late], floor.result()


def _bare_timer(installation: Installation, slots: Sequence[datetime]) -> list[float]:
    """Wait for each slot, claim a row, push it into a list and take it out on the other side."""
    url = installation.env["REDIS_URL"]
    here, there = redis.Redis.from_url(url), redis.Redis.from_url(url)
    installation.ask(TABLE.replace("bench_rows", "bench_one"))
    claim = CLAIM.replace("bench_rows", "bench_one")
    late = []
    with psycopg.connect(installation.database, autocommit=True) as session:
        session.execute("INSERT INTO bench_one (due_at) VALUES (now())")
        for slot in slots:
            session.execute("UPDATE bench_one SET lease_until = NULL")
            time.sleep(max(0.0, (slot - datetime.now(UTC)).total_seconds()))
            session.execute(claim, [1]).fetchall()
            here.lpush("bench", "1")
            there.brpop(["bench"], timeout=5)
            late.append((datetime.now(UTC) - slot).total_seconds())
    return late


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
