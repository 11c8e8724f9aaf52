"""The stop conditions of a Chaos Toolkit run, looked at beside it.

AWS stops a FIS experiment by its alarms; nobody does it for this engine, so the supervisor
looks itself. Alarms that cannot be read for a while stop the run too: then nobody can say that
all is well, and the heartbeat alarm of a chaosplane that fell silent is one of them.
"""

from __future__ import annotations

import threading
import time
from typing import Final

from exercises.aws.alarms import alarm_states
from exercises.domain.errors import EngineError
from exercises.domain.plans import AccountAccess, JsonObject
from exercises.domain.stop_alarms import name_of, stop_alarms

EVERY_S: Final = 5.0
BLIND_S: Final = 60.0


class AlarmWatch:
    """A thread that looks; `reason` says why the run has to be stopped, empty until then."""

    def __init__(self, access: AccountAccess, definition: JsonObject, speed: float) -> None:
        self.reason = ""
        self._access = access
        self._arns = stop_alarms(definition)
        self._every_s = max(0.5, EVERY_S / speed)
        self._seen_at = time.monotonic()
        self._is_over = threading.Event()

    def start(self) -> None:
        """Begin to look."""
        threading.Thread(target=self._look_on, name="alarms", daemon=True).start()

    def close(self) -> None:
        """Look no more."""
        self._is_over.set()

    def _look_on(self) -> None:
        while not self._is_over.is_set() and not self.reason:
            self._look()
            self._is_over.wait(self._every_s)

    def _look(self) -> None:
        try:
            told = {alarm.arn: alarm for alarm in alarm_states(self._access, self._arns)}
        except EngineError as error:
            if time.monotonic() - self._seen_at > BLIND_S:
                self.reason = f"Its alarms could not be read for {BLIND_S:.0f} seconds. {error}"
            return
        self._seen_at = time.monotonic()
        for arn in self._arns:
            if arn not in told:
                self.reason = f"The alarm {name_of(arn)} is gone."
            elif told[arn].state == "ALARM":
                self.reason = f"The alarm {name_of(arn)} went off."
