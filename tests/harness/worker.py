"""One process of the in-process variant: `python -m tests.harness.worker FIRST COUNT`.

Writes one JSON line for each seed. `inprocess.py` starts it with a database of its own.
"""

from __future__ import annotations

import argparse
import gc
import json
import logging
import os
import sys
import tempfile
import time
import traceback
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import django

if TYPE_CHECKING:
    from simulator.server import Simulator
    from tests.harness.steps import Schedule

BATCH = 50
"""Seeds between which the scenes are made anew: old rows of rolled back seeds slow it down."""


def settle_in(*, verbose: bool = False) -> None:
    """Make this process one that schedules can be played in, before anything is imported."""
    os.environ["CHAOSPLANE_ENV"] = "test"
    os.environ["DJANGO_SETTINGS_MODULE"] = "chaosplane.settings"
    os.environ |= {
        "AWS_ACCESS_KEY_ID": "chaosplane",
        "AWS_SECRET_ACCESS_KEY": "chaosplane",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "CHAOSPLANE_LOG_LEVEL": "INFO" if verbose else "ERROR",
        # The product joins nine tables to lock a run: planning takes longer than doing it.
        "PGOPTIONS": "-c join_collapse_limit=1",
        "CHAOSPLANE_STOP_JOURNAL": tempfile.mkdtemp(prefix="chaosplane-harness-"),
    }
    django.setup()
    logging.getLogger("simulator").setLevel(logging.CRITICAL)


def open_simulator() -> Simulator:
    """Simulated AWS on a clock that stands still, in reach of every client of this process."""
    from exercises.aws.sessions import forget_clients
    from simulator.clock import VirtualClock
    from simulator.server import start
    from tests.harness.transport import short_cut

    simulator = start(port=0, clock=VirtualClock())
    os.environ["AWS_ENDPOINT_URL"] = simulator.url
    short_cut(simulator.front, simulator.url)
    forget_clients()
    # What is there by now stays for good: nobody need look through it again for garbage.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    return simulator


def play(
    simulator: Simulator, stories: Sequence[Schedule], *, tells: bool = False
) -> Iterator[dict[str, Any]]:
    """The outcome of each story: what was broken, its CPU seconds, where somebody was killed.

    `tells` has the player say each step, for a seed that is looked into.
    """
    for first in range(0, len(stories), BATCH):
        by_scene = defaultdict(list)
        for story in stories[first : first + BATCH]:
            by_scene[story.scene].append(story)
        for scene, told in by_scene.items():
            yield from _play_in(simulator, scene, told, tells=tells)


def _play_in(
    simulator: Simulator, scene: str, stories: Iterable[Schedule], *, tells: bool
) -> Iterator[dict[str, Any]]:
    from tests.harness.play import Player
    from tests.harness.scene import Stage, playing

    with playing(Stage(simulator), scene) as one_seed:
        for story in stories:
            began = time.process_time()
            with one_seed() as stage:
                player = Player(stage, story, tell=print if tells else None)
                try:
                    broken = player.play()
                except Exception:
                    broken = [f"error: {traceback.format_exc()}"]
            yield {
                "seed": story.seed,
                "broken": broken,
                "seconds": time.process_time() - began,
                "killed": sorted(player.killed),
            }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("first", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    settle_in(verbose=options.verbose)
    from tests.harness.schedule import schedule

    seeds = range(options.first, options.first + options.count * options.step, options.step)
    stories = [schedule(seed) for seed in seeds]
    simulator = open_simulator()
    for outcome in play(simulator, stories, tells=options.verbose):
        sys.stdout.write(json.dumps(outcome) + "\n")
        sys.stdout.flush()
    simulator.stop()


if __name__ == "__main__":
    main()
