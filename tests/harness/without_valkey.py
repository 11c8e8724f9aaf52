"""`make without-valkey RUNS=n`: a whole exercise while Valkey is dead, another while it hangs.

Go is pressed on the page. Every run has to start once and soon after its slot, by the
simulator's own record, and the debrief has to open: messages are hints, nothing waits for one.
Ends in one line with its figure; exits with 1 when a run was late, missing or doubled.
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.request
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Final

from tests.harness.cluster import Cluster

if TYPE_CHECKING:
    from tests.harness.exercise import Staged, Theatre

LATEST_S: Final = 30.0
FIRST_SLOT_S: Final = 3.0
"""After Go, so before anybody has noticed that nothing ticks any more."""
SLOTS_APART_S: Final = 8.0
ENDS_WITHIN_S: Final = 120.0
"""After the last slot: its minute, its recovery and the verdict, and 30 s late."""

WAYS: Final[dict[str, Callable[[Cluster], None]]] = {
    "dead": lambda cluster: cluster.kill("Valkey"),
    "hung": lambda cluster: cluster.hang("Valkey", 3600),
}


def main() -> int:
    count = int(os.environ.get("RUNS") or 6)
    cluster = Cluster()
    try:
        cluster.start()
        os.environ.update(cluster.env)
        import django

        django.setup()
        from tests.harness.exercise import Theatre

        theatre = Theatre(cluster)
        found = {way: _exercise(theatre, way, count) for way in WAYS}
    finally:
        cluster.stop()
    late = [seconds for lates, _ in found.values() for seconds in lates]
    broken = [promise for _, promises in found.values() for promise in promises]
    wanted = count * len(WAYS)
    is_good = len(late) == wanted and max(late) <= LATEST_S and not broken
    print(
        f"without-valkey: {len(late)} of {wanted} runs started, the latest"
        f" {max(late, default=0.0):.1f} s after its slot (at most {LATEST_S:g}),"
        f" {len(broken)} promises broken: {'good' if is_good else 'FALLS SHORT'}"
    )
    return 0 if is_good else 1


def _exercise(theatre: Theatre, way: str, count: int) -> tuple[list[float], list[str]]:
    """How late each run was, and which promises were broken."""
    from tests.harness.chaos import Story
    from tests.harness.exercise import Staged

    cluster = theatre.cluster
    slots = [FIRST_SLOT_S + number * SLOTS_APART_S for number in range(count)]
    exercise, _ = theatre.approved(f"valkey-{way}", slots)
    staged = Staged(theatre, Story(0), exercise)
    cookie = _signed_in(theatre)
    _until_it_ticks()
    WAYS[way](cluster)
    try:
        _press_go(cluster, exercise.slug, cookie)
        staged.went()
        staged.healed()  # nobody heals anything: this is how it has to work
        broken = _until_debrief(staged, within_s=slots[-1] + ENDS_WITHIN_S)
        late = _lateness(staged)
        broken += staged.violations()
    finally:
        cluster.revive()
        cluster.wait_until_well()
    for promise in broken:
        print(f"Valkey {way}: {promise}", flush=True)
    told = ", ".join(f"{seconds:.1f}" for seconds in late)
    print(f"Valkey {way}: {len(late)} of {count} started, {told} s after their slots", flush=True)
    return late, broken


def _until_it_ticks() -> None:
    """Celery does the work when Valkey goes: that somebody else takes over is part of it."""
    from exercises.services.sentinel import celery_is_silent

    ends_at = time.monotonic() + 60
    while celery_is_silent():
        if time.monotonic() > ends_at:
            raise RuntimeError("Celery does not tick")
        time.sleep(0.2)


def _signed_in(theatre: Theatre) -> str:
    """The cookie of the programme lead, who signed in earlier."""
    from django.conf import settings
    from django.test import Client

    client = Client()
    client.force_login(theatre.people.lead)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def _press_go(cluster: Cluster, slug: str, cookie: str) -> None:
    token = "c" * 32
    asked = urllib.request.Request(
        f"{cluster.urls[0]}/exercises/{slug}/go/",
        data=f"csrfmiddlewaretoken={token}".encode(),
        headers={"Cookie": f"{cookie}; csrftoken={token}"},
    )
    with urllib.request.urlopen(asked, timeout=30) as answer:
        if not answer.url.endswith("/live/"):
            raise RuntimeError(f"Go was not taken: {answer.url}")


def _until_debrief(staged: Staged, *, within_s: float) -> list[str]:
    from django.db import close_old_connections

    from exercises.domain.exercise_phases import Phase

    ends_at = time.monotonic() + within_s
    while time.monotonic() < ends_at:
        close_old_connections()
        staged.exercise.refresh_from_db()
        if staged.exercise.phase == Phase.DEBRIEF.value:
            return []
        time.sleep(0.5)
    return [f"the exercise is still {staged.exercise.phase} after {within_s:g} s"]


def _lateness(staged: Staged) -> list[float]:
    """Seconds between each slot and the first time AWS was asked for its run."""
    from exercises.models import Run
    from tests.harness.oracle import RUN_TAG

    lines = staged.theatre.cluster.journal.read_text(encoding="utf-8").splitlines()
    starts = [json.loads(line) for line in lines if '"StartExperiment"' in line]
    first: dict[str, datetime] = {}
    for entry in starts:
        if entry["made"]:
            run_id = entry["input"].get("tags", {}).get(RUN_TAG, "")
            first.setdefault(run_id, datetime.fromisoformat(entry["at"]))
    return [
        (first[str(run.pk)] - run.scheduled_at).total_seconds()
        for run in Run.objects.filter(pk__in=staged.run_ids).order_by("scheduled_at")
        if str(run.pk) in first
    ]


if __name__ == "__main__":
    sys.exit(main())
