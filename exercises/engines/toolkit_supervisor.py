"""The process that holds one Chaos Toolkit run, from its order to its end.

`python -m exercises.engines.toolkit_supervisor FOLDER`, started by engines.chaostoolkit, leaves
its starter at once. It needs the folder and AWS: no database, no queue, no settings of Django.
Whoever finds the run without a holder starts another one: that puts back what the experiment
changed and never plays it a second time.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from exercises.aws.sessions import start_variables
from exercises.domain.engine_values import EngineStatus
from exercises.domain.errors import EngineError
from exercises.domain.plans import AccountAccess
from exercises.domain.toolkit_document import activities_of, deadline_s
from exercises.domain.toolkit_journal import Outcome, outcome_of
from exercises.domain.toolkit_plan import rights_of, strategy_of
from exercises.engines import toolkit_folder as files
from exercises.engines.toolkit_alarms import AlarmWatch
from exercises.engines.toolkit_process import Started, begin, end_all
from exercises.engines.toolkit_work import Loads, Told, journal_of, lay_out, read_told

STEP_S: Final = 0.1
GRACE_S: Final = 30.0
"""For rollbacks after a stop; then the processes are ended and the rest is put back by us."""
AGAIN_S: Final = 3.0
"""A signal that falls into the pause after an activity waits for its end: it is sent again."""
SET_UP_S: Final = 60.0
"""For loading everything it calls; its own time begins with its first event."""
PUT_BACK_S: Final = 120.0
HOLD_ON_S: Final = 6 * 3_600.0
"""For how long putting back is tried again: an outage that stops a run may fail its rollbacks."""
LONGEST_REST_S: Final = 60.0
_DUMPABLE: Final = 4  # PR_SET_DUMPABLE of prctl(2)


class Deadline:
    """When a run has to be over: its own time begins with its first event, once."""

    def __init__(self, own_s: float, *, now: float) -> None:
        self._own_s = own_s
        self._has_begun = False
        self._at = now + SET_UP_S

    def begin(self, now: float) -> None:
        if not self._has_begun:
            self._has_begun, self._at = True, now + self._own_s

    def is_over(self, now: float) -> bool:
        return now > self._at


class Supervisor:
    """One run that this process holds."""

    def __init__(self, folder: Path, order: Mapping[str, Any]) -> None:
        self._folder = folder
        self._order = order
        self._run_id = str(order["run_id"])
        self._definition: dict[str, Any] = order["definition"]
        self._access = AccountAccess(**order["access"])
        self._speed = float(order["speed"])
        self._rollbacks = [str(a["name"]) for a in activities_of(self._definition, "rollbacks")]
        self._told = Told(self._rollbacks)

    def carry_out(self) -> None:
        """Play it, or put back what an earlier holder left, or say why neither."""
        kinds = {event["kind"] for event in files.events_of(self._folder)}
        if "ended" in kinds:
            return
        if "began" in kinds:
            self._recover()
            return
        if files.is_to_stop(self._folder):
            self._end(EngineStatus.CANCELLED, "Stopped before it began.")
            return
        if datetime.now(UTC) >= datetime.fromisoformat(self._order["not_after"]):
            self._end(EngineStatus.CANCELLED, "Its permission to start had ended.")
            return
        self._play("check" if self._order["is_rehearsal"] else "run")

    def _play(self, mode: str) -> None:
        try:
            credentials = start_variables(self._access, rights_of(self._definition))
            work = lay_out(self._folder, self._definition, self._access.region, self._speed)
            files.note(self._folder, "began", mode=mode)
            started = begin(work, self._run_id, mode, strategy_of(self._definition), credentials)
        except (EngineError, OSError) as error:
            self._end(EngineStatus.FAILED, f"Nothing was injected. {error}")
            return
        because = self._watch(started, mode)
        if mode == "check":
            self._end_check(started)
            return
        outcome = self._outcome(started.process.returncode, because)
        if self._is_left(was_ended=bool(because)):
            outcome = self._put_back(outcome)
        self._end(outcome.status, outcome.reason)

    def _is_left(self, *, was_ended: bool) -> bool:
        """Whether something may still be changed. What runs in the background of a run that was
        ended may have done so after its rollback, which is then played again."""
        method = activities_of(self._definition, "method")
        is_late = was_ended and any(activity.get("background") for activity in method)
        return self._told.has_begun and (is_late or not self._told.is_put_back())

    def _watch(self, started: Started, mode: str) -> str:
        """Until it has ended; why it was stopped, empty when it was not."""
        deadline = Deadline(deadline_s(self._definition) / self._speed, now=time.monotonic())
        alarms = AlarmWatch(self._access, self._definition, self._speed)
        loads = Loads(self._folder, self._speed)
        because, stopped_at, signalled_at = "", 0.0, 0.0
        if mode == "run":
            alarms.start()
        while started.process.poll() is None:
            self._hear(started)
            loads.note_new()
            now = time.monotonic()
            if self._told.count:
                deadline.begin(now)
            if not because:
                because = self._why_stop(alarms, is_late=deadline.is_over(now))
                if because:
                    files.note_if_possible(self._folder, "stopping", because=because)
                    stopped_at = now
            elif now - stopped_at > GRACE_S:
                files.note_if_possible(self._folder, "killed", after_s=GRACE_S)
                break
            if because and not self._told.has_rollbacks and now - signalled_at > AGAIN_S:
                started.process.send_signal(signal.SIGUSR1)
                signalled_at = now
            time.sleep(STEP_S)
        alarms.close()
        end_all(self._run_id)
        started.process.wait()
        self._hear(started)
        os.close(started.events)
        loads.note_new(is_last=True)
        return because

    def _why_stop(self, alarms: AlarmWatch, *, is_late: bool) -> str:
        if files.is_to_stop(self._folder):
            return "A stop was asked for."
        if is_late:
            return "It was not over at its deadline."
        return alarms.reason

    def _hear(self, started: Started) -> None:
        for event in read_told(started.events, self._told):
            files.note_if_possible(self._folder, **event)

    def _outcome(self, code: int, because: str) -> Outcome:
        journal, problem = journal_of(self._folder)
        if journal is None:
            reason = f"{because} {problem or f'It ended without a journal (code {code}).'}"
            status = EngineStatus.STOPPED if because else EngineStatus.FAILED
            return Outcome(status, reason.strip())
        outcome = outcome_of(journal)
        if because and outcome.status is not EngineStatus.COMPLETED:
            return Outcome(EngineStatus.STOPPED, because)
        return outcome

    def _end_check(self, started: Started) -> None:
        if started.process.returncode == 0 and self._told.is_checked:
            self._end(EngineStatus.COMPLETED, "Everything it calls is there; nothing was called.")
        else:
            self._end(EngineStatus.FAILED, "It could not be loaded. " + self._last_words("check"))

    def _last_words(self, mode: str) -> str:
        log = (self._folder / files.WORK / f"{mode}.log").read_text(errors="replace")
        return next((line for line in reversed(log.splitlines()) if line.strip()), "")[:300]

    def _recover(self) -> None:
        """An earlier holder is gone: nothing of it may run on, and nothing stay changed."""
        end_all(self._run_id)
        files.note_if_possible(self._folder, "recovering")
        for event in files.events_of(self._folder):
            self._told.take(event)
        lost = "The process that held it ended before its time."
        outcome = Outcome(EngineStatus.FAILED, lost)
        if self._is_left(was_ended=True):
            outcome = self._put_back(outcome)
        self._end(outcome.status, outcome.reason)

    def _put_back(self, outcome: Outcome) -> Outcome:
        """Play the rollbacks in a fresh process, again and again if need be; it is held as long."""
        if not self._rollbacks:
            return outcome
        files.note_if_possible(self._folder, "putting-back")
        ends_at, attempt, told = time.monotonic() + HOLD_ON_S, 0, ""
        while problem := self._play_rollbacks():
            if problem != told:
                files.note_if_possible(self._folder, "putting-back", problem=problem[:300])
                told = problem
            if time.monotonic() > ends_at:
                gave_up = f"{outcome.reason} It could not be put back: {problem}"
                return Outcome(EngineStatus.FAILED, gave_up)
            time.sleep(min(2.0**attempt, LONGEST_REST_S))
            attempt += 1
        files.note_if_possible(self._folder, "put-back")
        return Outcome(outcome.status, f"{outcome.reason} What it changed was put back.")

    def _play_rollbacks(self) -> str:
        """What went wrong, empty when all was put back."""
        self._told.forget_rollbacks()
        try:
            credentials = start_variables(self._access, rights_of(self._definition))
            work = lay_out(self._folder, self._definition, self._access.region, self._speed)
            started = begin(work, self._run_id, "rollbacks", "skip", credentials)
        except (EngineError, OSError) as error:
            return str(error)
        ends_at = time.monotonic() + PUT_BACK_S
        while started.process.poll() is None and time.monotonic() < ends_at:
            self._hear(started)
            time.sleep(STEP_S)
        end_all(self._run_id)
        started.process.wait()
        self._hear(started)
        os.close(started.events)
        if self._told.is_put_back():
            return ""
        return self._told.problem or self._last_words("rollbacks")

    def _end(self, status: EngineStatus, reason: str) -> None:
        files.note(self._folder, "ended", status=status.value, reason=reason[:500])


def main(folder: Path) -> int:
    """Hold the run, then leave the starter. Does nothing when somebody holds it already."""
    descriptor = _held(folder)
    if descriptor is None or os.fork():
        return 0
    os.setsid()
    # What runs under the same user may not read the credentials in this process's environment.
    ctypes.CDLL(None).prctl(_DUMPABLE, 0)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    order = files.order_of(folder)
    if order is not None:
        threading.current_thread().name = "supervisor"
        Supervisor(folder, order).carry_out()
    return 0


def _held(folder: Path) -> int | None:
    """The lock, which outlives the starter. Whoever looks has it for a moment, hence the tries."""
    for _ in range(10):
        descriptor = files.hold(folder)
        if descriptor is not None:
            return descriptor
        time.sleep(STEP_S)
    return None


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
