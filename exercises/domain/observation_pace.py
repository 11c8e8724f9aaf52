"""How soon to look again at a Region: quickly where something is about to happen.

All in seconds of the wall clock. services.observe asks after each look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

QUICK_S: Final = 1.0
RARE_S: Final = 30.0
"""Nothing runs: only what others run there is looked for."""

FIRST_S: Final = 60.0
"""A fault shows, or goes wrong, soon after it was started."""
BEFORE_END_S: Final = 5.0
AFTER_END_S: Final = 20.0
"""Actions end a little later than planned."""
LONG_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class WatchedRun:
    """A run that is watched. `ends_in_s` says for each action when it ends as planned; an
    action that should have ended has less than nothing left.

    `is_guarded`: a measurement may stop it, so it is never looked at more slowly. `rests_s` is
    how long nothing is measured that counts: from the recovery to shortly before it is checked
    again.
    """

    age_s: float
    is_stopping: bool
    is_over: bool
    is_guarded: bool
    ends_in_s: Sequence[float]
    rests_s: float = 0.0


def interval_s(runs: Sequence[WatchedRun], *, usual_s: float) -> float:
    """Seconds until the next look at the Region of these runs."""
    return min((_of_one(run, usual_s) for run in runs), default=RARE_S)


def _of_one(run: WatchedRun, usual_s: float) -> float:
    quick_s = min(QUICK_S, usual_s)
    if run.is_over:  # recovery is measured
        return min(max(usual_s, run.rests_s), max(usual_s, RARE_S))
    if run.is_stopping or run.age_s < FIRST_S or any(map(_is_near, run.ends_in_s)):
        return quick_s
    is_quiet = run.age_s >= LONG_S and not run.is_guarded
    wanted_s = 2 * usual_s if is_quiet else usual_s
    # Awake in time for the next end.
    until_near = (left - BEFORE_END_S for left in run.ends_in_s if left > BEFORE_END_S)
    return max(quick_s, min([wanted_s, *until_near]))


def _is_near(left_s: float) -> bool:
    return -AFTER_END_S <= left_s <= BEFORE_END_S
