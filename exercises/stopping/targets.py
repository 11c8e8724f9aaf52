"""What can be stopped, in a file: accounts, live exercises and running experiments.

The sentinel writes it while the database answers; a stop reads it whatever does. It may be
a second old: what started since is found in AWS by its tags.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from exercises.domain.plans import AccountAccess
from exercises.stopping.orders import StopOrder, StopTarget, target_from_json, target_to_json
from exercises.stopping.whole_file import write_whole

log = logging.getLogger(__name__)

FILE: Final = "targets.json"
FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class LiveExercise:
    """An exercise with something to stop. `team_ids` matter only when it `is_private`."""

    slug: str
    name: str
    is_private: bool
    team_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Stoppable:
    """All that a stop may need to know. `at` is when the file was last found to be true, None
    when there is no file."""

    at: datetime | None = None
    places: tuple[AccountAccess, ...] = ()
    names: dict[str, str] = field(default_factory=dict)
    """The names of the accounts."""
    exercises: tuple[LiveExercise, ...] = ()
    targets: tuple[StopTarget, ...] = ()
    problem: str = ""
    """Why the file that is there could not be read."""

    def covered_by(self, order: StopOrder) -> list[StopTarget]:
        return [target for target in self.targets if order.covers(target)]

    def exercise(self, slug: str) -> LiveExercise | None:
        return next((each for each in self.exercises if each.slug == slug), None)

    def target_of_run(self, run_id: str) -> StopTarget | None:
        return next((each for each in self.targets if each.run_id == run_id), None)


def write_targets(folder: Path, known: Stoppable) -> bool:
    """Replace the file when what it says has changed; whoever reads sees all of one or the
    other. Returns whether it was written. Raises OSError."""
    before = read_targets(folder)
    if before.at is not None and _content(before) == _content(known):
        os.utime(folder / FILE)
        return False
    write_whole(folder / FILE, _content(known))
    return True


def read_targets(folder: Path) -> Stoppable:
    """What the file says; nothing when there is none, or none of ours.

    Never raises: a stop goes on with what AWS and the database know.
    """
    path = folder / FILE
    try:
        return _read(path)
    except FileNotFoundError:
        return Stoppable()
    except (OSError, LookupError, TypeError, ValueError) as error:
        log.warning("stop.targets.unreadable", extra={"file": str(path), "why": repr(error)})
        return Stoppable(problem=f"{path} cannot be read ({error}).")


def _read(path: Path) -> Stoppable:
    written = path.stat()
    told = json.loads(path.read_text(encoding="utf-8"))
    if told["format"] != FORMAT:
        return Stoppable()
    return Stoppable(
        at=datetime.fromtimestamp(written.st_mtime, UTC),
        places=tuple(AccountAccess(**place) for place in told["places"]),
        names=told["names"],
        exercises=tuple(
            LiveExercise(**{**each, "team_ids": tuple(each["team_ids"])})
            for each in told["exercises"]
        ),
        targets=tuple(target_from_json(each) for each in told["targets"]),
    )


def _content(known: Stoppable) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "places": [asdict(place) for place in known.places],
        "names": known.names,
        "exercises": [asdict(each) | {"team_ids": list(each.team_ids)} for each in known.exercises],
        "targets": [target_to_json(target) for target in known.targets],
    }


def places_of(targets: Sequence[StopTarget]) -> list[AccountAccess]:
    """The places of these targets, each once."""
    return list({target.place: target.access for target in targets}.values())
