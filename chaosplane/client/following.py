"""Follow one experiment from approval to verdict; nothing is decided or started here.

`chaosplane run --wait` and `chaosplane rehearse` call it. Experiments start at their slot by
themselves once people have approved.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from chaosplane.client.codes import Exit
from chaosplane.client.progress import Progress, span
from chaosplane.client.server import Json, Server, Unreachable

LOOK_EVERY_S: Final = 2.0
# Short enough that the time on the line moves, and that no proxy gives up meanwhile.
WAIT_S: Final = 10
# A server that is being deployed anew is back by then.
SILENT_FOR_S: Final = 300.0
OVER: Final = frozenset({"completed", "stopped", "failed", "cancelled", "skipped"})
CLOSED: Final = frozenset({"debrief", "closed", "cancelled"})
OBJECTIONS: Final = frozenset({"approval.declined", "approval.changes_requested"})

Pause = Callable[[float], None]
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Ending:
    """How it ended: the exit code, a word for it, why, and the run if there was one."""

    code: Exit
    word: str
    why: str
    run: Json | None = None


class TooLong(Exception):
    """The time that was allowed is over; what was asked for goes on."""


def follow(
    server: Server,
    number: int,
    progress: Progress,
    *,
    timeout_s: float,
    pause: Pause = time.sleep,
    clock: Clock = time.monotonic,
) -> Ending:
    """Until there is a verdict, or nothing can come any more. Raises TooLong, Unreachable."""
    began = silent_since = clock()
    while True:
        is_awaited = False
        try:
            found = _look(server, number, progress, clock() - began)
            if isinstance(found, Ending):
                progress.end()
                return found
            left_s = timeout_s - (clock() - began)
            is_awaited = found is not None and left_s >= 1 and _wait(server, found, left_s, clock)
            silent_since = clock()
        except Unreachable as error:
            if clock() - silent_since > SILENT_FOR_S:
                raise
            progress.show(f"{error} Asking again.")
        if clock() - began >= timeout_s:
            raise TooLong(f"EXP-{number}: no verdict within {span(timeout_s)}.")
        if not is_awaited:
            pause(min(LOOK_EVERY_S, max(0.0, timeout_s - (clock() - began))))


def _wait(server: Server, run: Json, most_s: float, clock: Clock) -> bool:
    """Let the server answer when there is news of the run. False when it answered at once and
    without any, as one does that cannot wait."""
    began = clock()
    asked = {"wait": str(min(WAIT_S, int(most_s))), "seen": run["state"]}
    now = server.get(f"runs/{run['id']}/", asked)
    has_news = any(now[name] != run[name] for name in ("state", "verdict"))
    return has_news or clock() - began >= LOOK_EVERY_S


def _look(server: Server, number: int, progress: Progress, waited_s: float) -> Ending | Json | None:
    """How it ended, or the run that is to be waited for, or None before there is one."""
    code = f"EXP-{number}"
    newest = {"experiment": str(number), "is_rehearsal": "false"}
    runs: list[Any] = list(server.every("runs/", newest, at_most=100))
    run = runs[-1] if runs else None
    if run is None or (run["state"] == "cancelled" and not run["stop_requested_at"]):
        ending = _before(server, number)
        if isinstance(ending, Ending):
            return ending
        progress.show(f"{code} {ending}", span(waited_s))
        return None
    if run["verdict"]:
        return _judged(run)
    if run["state"] in OVER and not (run["engine_experiment"] and run["started_at"]):
        return _without_verdict(run)
    progress.show(f"{code} {_stage(run)}", _since(run))
    found: Json = run
    return found


def _before(server: Server, number: int) -> Ending | str:
    """Before a run is planned: who is asked, or who said no."""
    experiment = server.get(f"experiments/{number}/")
    if experiment["status"] in {"withdrawn", "cancelled"}:
        return Ending(Exit.BLOCKED, experiment["status"], "It will not run; propose another one.")
    if experiment["status"] == "draft":
        return Ending(Exit.BLOCKED, "draft", "It is a draft: it was changed, or never proposed.")
    exercise = server.get(f"exercises/{experiment['exercise']}/")
    if exercise["phase"] in CLOSED:
        return Ending(Exit.BLOCKED, "not started", f"{exercise['name']} is over; it did not run.")
    approval = server.get(f"experiments/{number}/asked/")
    said_no = [row for row in approval["refusals"] if row["rule"] in OBJECTIONS]
    if said_no:
        return Ending(Exit.BLOCKED, "declined", " ".join(row["because"] for row in said_no))
    if approval["missing"]:
        return f"waits for approval, asked: {', '.join(approval['missing'])}"
    return "is approved and waits for its slot"


def _judged(run: Json) -> Ending:
    """What was learned; a run that somebody stopped before it could be is only stopped."""
    verdict, why = run["verdict"], run["verdict_reason"]
    if verdict == "held":
        return Ending(Exit.HELD, "held", why, run)
    if verdict == "not_held":
        return Ending(Exit.NOT_HELD, "not held", why, run)
    if run["state"] == "stopped":
        return Ending(Exit.STOPPED, "stopped", run["state_reason"] or why, run)
    if run["state"] == "failed":
        return Ending(Exit.TOOL, "failed", run["state_reason"] or why, run)
    return Ending(Exit.NOT_HELD, "inconclusive", why, run)


def _without_verdict(run: Json) -> Ending:
    why = run["state_reason"]
    if run["stop_requested_at"] or run["state"] == "stopped":
        return Ending(Exit.STOPPED, "stopped", why or "Stopped before it began.", run)
    if run["state"] == "skipped":
        return Ending(Exit.BLOCKED, "not started", why, run)
    return Ending(Exit.TOOL, "failed", why, run)


def _stage(run: Json) -> str:
    state = run["state"]
    if state == "scheduled":
        return f"is approved, starts at {run['scheduled_at']}"
    if state in OVER:
        return "has ended and is measured until it is steady again"
    return f"is {state.replace('_', ' ')}"


def _since(run: Json) -> str:
    if not run["started_at"]:
        return ""
    began = datetime.fromisoformat(run["started_at"])
    return span((datetime.now(UTC) - began).total_seconds())


def rehearse(
    server: Server,
    number: int,
    progress: Progress,
    *,
    timeout_s: float,
    pause: Pause = time.sleep,
    clock: Clock = time.monotonic,
) -> list[Json]:
    """Ask every check anew and wait until each has its answer. Raises TooLong."""
    began = clock()
    checks: list[Json] = server.post(f"experiments/{number}/preflight/")
    while waiting := [row["label"] for row in checks if row["status"] == "pending"]:
        if clock() - began >= timeout_s:
            raise TooLong(f"EXP-{number}: no answer within {span(timeout_s)} to {waiting}.")
        progress.show(f"EXP-{number} waits for {', '.join(waiting)}", span(clock() - began))
        pause(LOOK_EVERY_S)
        checks = server.get(f"experiments/{number}/preflight/")
    progress.end()
    return checks
