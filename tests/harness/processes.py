"""`make crash SEEDS=n`: real processes, killed and hung while runs start and stop.

The processes are kept between seeds; a few seeds play side by side and share what goes wrong
with the processes. SEED=n plays one alone.
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from django.db import DatabaseError
from psycopg_pool import PoolTimeout

from tests.harness.chaos import LASTS_S, PERSONAL, PLACES, Event, story
from tests.harness.cluster import Cluster
from tests.harness.inprocess import report, tell_broken

if TYPE_CHECKING:
    from tests.harness.exercise import Staged, Theatre

SIDE_BY_SIDE: Final = 7
"""Two runs each over three accounts: none has more open at once than the five AWS allows."""
MORE_ROUNDS: Final = 3
"""For failpoints that nobody came by: what led there was cut off by something else."""
QUIET_WITHIN_S: Final = 240.0
TRIED_WITHIN_S: Final = 60.0
LEASES_END_EVERY_S: Final = 4.0
"""Nobody waits here until those of the dead have ended. Who lives on, and is late, is fenced."""


def main() -> int:
    seed = os.environ.get("SEED")
    first = int(seed or os.environ.get("FIRST") or 0)
    count = 1 if seed else int(os.environ.get("SEEDS") or 40)
    cluster = Cluster()
    began = time.monotonic()
    try:
        cluster.start()
        os.environ.update(cluster.env)
        import django

        django.setup()
        seeds = range(first, first + count)
        outcomes = list(_everywhere(cluster, seeds, tells=bool(seed)))
        if seed:
            for log in sorted((cluster.home / "logs").glob("*.log")):
                print(f"--- {log.name}\n{log.read_text(errors='replace')[-3000:]}")
        took = time.monotonic() - began
        return report("crash", outcomes, len(outcomes), took, everywhere=len(PLACES))
    finally:
        cluster.stop()


def _everywhere(cluster: Cluster, seeds: range, *, tells: bool) -> Iterator[dict[str, Any]]:
    """These seeds, and then a few more for the failpoints where nobody was killed yet."""
    from tests.harness.exercise import Theatre

    theatre = Theatre(cluster)
    yield from _rounds(cluster, theatre, seeds, tells=tells)
    later = seeds.stop
    for _ in range(MORE_ROUNDS if len(seeds) >= len(PLACES) else 0):
        missed = {PLACES.index(place) for place in set(PLACES) - set(cluster.killed_at())}
        more = [seed for seed in range(later, later + len(PLACES)) if seed % len(PLACES) in missed]
        later += len(PLACES)
        yield from _rounds(cluster, theatre, more, tells=tells)


def _rounds(
    cluster: Cluster, theatre: Theatre, seeds: Sequence[int], *, tells: bool
) -> Iterator[dict[str, Any]]:
    for at in range(0, len(seeds), SIDE_BY_SIDE):
        stories = [story(seed) for seed in seeds[at : at + SIDE_BY_SIDE]]
        watch = [time.monotonic()]
        try:
            staged = [theatre.stage(each) for each in stories]
            watch.append(time.monotonic())
            _play(cluster, staged, tells=tells)
            watch.append(time.monotonic())
            _supervise(cluster, staged)
            watch.append(time.monotonic())
            _heal(cluster, staged)
            watch.append(time.monotonic())
            _quieten(cluster, staged)
            broken = [each.violations() for each in staged]
        except Exception:
            broken = [[f"error: {traceback.format_exc()}"] for _ in stories]
            _heal(cluster, [])
        watch.append(time.monotonic())
        for each, promises in zip(stories, broken, strict=True):
            outcome = {"seed": each.seed, "broken": promises, "killed": cluster.killed_at()}
            tell_broken("crash", outcome)
            yield outcome
        took = " + ".join(f"{later - before:.0f}" for before, later in pairwise(watch))
        print(
            f"seeds {stories[0].seed} to {stories[-1].seed}: {took} s,"
            f" {sum(map(bool, broken))} broke a promise",
            flush=True,
        )


def _play(cluster: Cluster, staged: Sequence[Staged], *, tells: bool) -> None:
    """Go, and then everything at its moment."""
    # What AWS is made to refuse may hit any of them: they share it.
    refuses = any(each.story.refuses_for_good for each in staged)
    for each in staged:
        each.ledger.aws_refused = refuses
        each.go()
    went = time.monotonic()
    events = sorted(
        ((event, each) for each in staged for event in each.story.events),
        key=lambda pair: pair[0].at,
    )
    for event, each in events:
        time.sleep(max(0.0, went + event.at - time.monotonic()))
        if tells:
            print(f"{time.monotonic() - went:.2f} {event}", flush=True)
        _happen(cluster, event, each, staged)
    time.sleep(max(0.0, went + LASTS_S - time.monotonic()))


def _happen(cluster: Cluster, event: Event, one: Staged, playing: Sequence[Staged]) -> None:
    if event.kind == "order":
        if event.what in PERSONAL:
            return  # before Go
        cluster.order(event.what, f"pause {event.seconds}" if event.seconds else "kill")
    elif event.kind == "kill":
        cluster.kill(event.what)
    elif event.kind == "hang":
        cluster.hang(event.what, event.seconds)
    elif event.kind == "knob":
        cluster.turn(event.knob)
    else:
        one.act(event, playing)


def _supervise(cluster: Cluster, staged: Sequence[Staged]) -> None:
    """What died comes back while AWS still lies, until every start was tried or refused."""
    _wait(cluster, TRIED_WITHIN_S, lambda: all(each.is_tried() for each in staged))


def _heal(cluster: Cluster, staged: Sequence[Staged]) -> None:
    """AWS tells the truth again. Orders stay until they have struck: each strikes once."""
    cluster.turn(None)
    cluster.revive()
    cluster.wait_until_well()
    for each in staged:
        each.healed()


def _quieten(cluster: Cluster, staged: Sequence[Staged]) -> None:
    def is_quiet() -> bool:
        experiments = cluster.experiments()
        return all(each.is_quiet(experiments) for each in staged)

    _wait(cluster, QUIET_WITHIN_S, is_quiet)


def _wait(cluster: Cluster, seconds: float, is_done: Callable[[], bool]) -> None:
    """Bring back what died, now and then what the dead held, until it is done."""
    from tests.harness.exercise import end_leases

    ends_at = time.monotonic() + seconds
    leases_end_at = time.monotonic() + LEASES_END_EVERY_S
    while time.monotonic() < ends_at:
        cluster.revive()
        try:
            if is_done():
                return
            if time.monotonic() > leases_end_at:
                end_leases()
                leases_end_at = time.monotonic() + LEASES_END_EVERY_S
        except (DatabaseError, PoolTimeout, TimeoutError):
            pass  # PostgreSQL is coming back, or the machine has much to do
        time.sleep(0.5)


if __name__ == "__main__":
    sys.exit(main())
