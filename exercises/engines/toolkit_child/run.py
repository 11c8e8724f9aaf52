"""Play one experiment with the Chaos Toolkit, in the present folder, and say what happens.

Started by engines.toolkit_supervisor with the Python of the toolkit's virtualenv:
`python run.py MODE STRATEGY FD LIMITS`. MODE is `run`, `check` (import everything, call nothing)
or `rollbacks` (only those). Each event is a line of JSON on the descriptor FD; the journal is
written to journal.json.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import requests.sessions
from chaoslib.experiment import ensure_experiment_is_valid, run_experiment
from chaoslib.run import RunEventHandler
from chaoslib.types import Strategy
from confine import confine

EXCERPT = 2_000
"""Characters of an activity's output in an event; the journal has it whole."""


class Events(RunEventHandler):  # type: ignore[misc]
    """Tells each thing as it happens."""

    def __init__(self, descriptor: int) -> None:
        self._out = os.fdopen(descriptor, "wb", buffering=0)
        self._phase = "before"

    def say(self, kind: str, **more: Any) -> None:
        """One line, whole or not at all for whoever reads."""
        self._out.write(json.dumps({"kind": kind, **more}, default=str).encode() + b"\n")

    def start_hypothesis_before(self, experiment: Any) -> None:
        self._phase = "before"

    def hypothesis_before_completed(self, experiment: Any, state: Any, journal: Any) -> None:
        is_met = state is None or bool(state["steady_state_met"])
        self.say("hypothesis", when="before", met=is_met)
        if not is_met:
            # Nothing was injected: what would put it back is a change by itself.
            experiment["rollbacks"] = []

    def start_method(self, experiment: Any) -> None:
        self._phase = "method"
        self.say("method")

    def start_hypothesis_after(self, experiment: Any) -> None:
        self._phase = "after"

    def hypothesis_after_completed(self, experiment: Any, state: Any, journal: Any) -> None:
        is_met = state is None or bool(state["steady_state_met"])
        self.say("hypothesis", when="after", met=is_met)

    def start_rollbacks(self, experiment: Any) -> None:
        self._phase = "rollbacks"
        self.say("rollbacks")

    def start_activity(self, activity: Any) -> None:
        self.say("activity", phase=self._phase, name=activity["name"], status="running")

    def activity_completed(self, activity: Any, run: Any) -> None:
        told = {"succeeded": "completed", "failed": "failed"}
        self.say(
            "activity",
            phase=self._phase,
            name=activity["name"],
            status=told.get(run.get("status"), "stopped"),
            output=str(run.get("output"))[:EXCERPT],
            reason="".join(run.get("exception") or ())[-EXCERPT:],
        )


def main(mode: str, strategy: str, descriptor: int, limits: dict[str, int]) -> int:
    """Returns the exit code; 0 also for an experiment that failed, which its journal says."""
    confine(limits)
    # An allowed address must not lead on to another one.
    requests.sessions.DEFAULT_REDIRECT_LIMIT = 0  # type: ignore[attr-defined]
    experiment = json.loads(Path("experiment.json").read_text(encoding="utf-8"))
    events = Events(descriptor)
    ensure_experiment_is_valid(experiment)
    if mode == "check":
        events.say("checked")
        return 0
    if mode == "rollbacks":
        experiment = {**experiment, "method": []}
        experiment.pop("steady-state-hypothesis", None)
    journal = run_experiment(
        experiment,
        settings={"runtime": {"rollbacks": {"strategy": "always"}}},
        strategy=Strategy(strategy),
        event_handlers=[events],
    )
    name = "journal.json" if mode == "run" else "rollbacks.json"
    with Path(name).open("w", encoding="utf-8") as file:
        json.dump(journal, file, default=str)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), json.loads(sys.argv[4])))
