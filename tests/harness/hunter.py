"""One process of `make planted-bugs`: `python -m tests.harness.hunter NUMBER OF [NAME ...]`.

Makes everything ready once and gives every bug a child of its own, so that no bug outlives
its hunt. Takes every OF-th of the bugs and writes one JSON line for each.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import TYPE_CHECKING, Any, Final

from tests.harness import worker

if TYPE_CHECKING:
    from simulator.server import Simulator
    from tests.harness.planted import Bug

LIMIT: Final = 60
"""Seeds within which a bug has to show, after the story that it lies in wait for."""


def hunt(simulator: Simulator, name: str, bug: Bug) -> dict[str, Any]:
    """How many stories it took to see it: None when it was not seen, and why."""
    from tests.harness.schedule import schedule

    for outcome in worker.play(simulator, [bug.story], tells=bool(os.environ.get("TELL"))):
        if outcome["broken"]:
            return _lost(name, f"its story is broken without it: {outcome['broken'][0]}")
    bug.plant()
    played = 0
    for seeds in ([bug.story], [schedule(seed) for seed in range(LIMIT)]):
        for outcome in worker.play(simulator, seeds, tells=bool(os.environ.get("TELL"))):
            played += 1
            for promise in outcome["broken"]:
                if promise.startswith("error:"):
                    return _lost(name, f"it breaks the harness itself: {promise}")
                return {"bug": name, "seeds": played, "seen": promise}
    return _lost(name, f"not caught in {played} seeds")


def _lost(name: str, why: str) -> dict[str, Any]:
    return {"bug": name, "seeds": None, "seen": why}


def _in_a_child(simulator: Simulator, name: str, bug: Bug) -> None:
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        line = hunt(simulator, name, bug)
    except BaseException:
        line = _lost(name, traceback.format_exc())
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
    os._exit(0)


def main(number: int, of: int, *names: str) -> None:
    worker.settle_in()
    from tests.harness import planted

    bugs = planted.every_bug()
    for name in (names or sorted(bugs))[number::of]:
        if name not in bugs:
            raise SystemExit(f"there is no bug {name!r}; there is: {', '.join(sorted(bugs))}")
    simulator = worker.open_simulator()
    for name in (names or sorted(bugs))[number::of]:
        _in_a_child(simulator, name, bugs[name])
    simulator.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
