"""The worked examples: what is run, what is mended in between, and both verdicts.

To add one, add a row; its experiment, world and steady state are those of the demo.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from exercises.management.demo import drill, edition
from exercises.management.demo.planned import Planned

FOUND: Final = "not_held"
HELD: Final = "held"


@dataclass(frozen=True, slots=True)
class Example:
    """An experiment that is run twice. `fix` is a switch of a world: the flaw it mends."""

    name: str
    planned: Planned
    fix: tuple[str, str]
    flawed: str = FOUND
    mended: str = HELD


EXAMPLES: Final = (
    Example("split brain of the broker", edition.EXPERIMENTS[0], ("mqtt-broker", "quorum")),
    Example("caches bound to EBS volumes", drill.BUILDS, ("developer-platform", "caches_move")),
    Example(
        "an ECS task ends",
        drill.TASK_ENDS,
        ("content-moderation", "skips_late_steps"),
        # The service starts another within the promise: as people had hoped.
        flawed=HELD,
    ),
    Example(
        "an ECS task answers nobody",
        drill.TASK_SILENT,
        ("content-moderation", "skips_late_steps"),
    ),
    Example("functions begin late", drill.FUNCTIONS_LATE, ("media-functions", "retries")),
    Example("functions fail", drill.FUNCTIONS_FAIL, ("media-functions", "retries")),
    Example(
        "the writer of Aurora moves",
        drill.WRITER_MOVES,
        ("charging-database", "follows_writer"),
    ),
    Example(
        "a service without tasks",
        drill.NO_TASKS,
        ("content-moderation", "skips_late_steps"),
    ),
    Example(
        "strangers attack a gateway",
        drill.ATTACK,
        ("content-moderation", "knows_strangers"),
    ),
    Example(
        "three formats of faults in parameters",
        drill.THREE_PARAMETERS,
        ("media-functions", "retries"),
    ),
)
