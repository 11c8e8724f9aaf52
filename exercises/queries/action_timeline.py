"""The actions of a run as bars: what was planned, merged with what the engine says happened.

The steady state before and after is measured too, so it has its rows on the same axis.
Pure: takes a definition and the observed actions, returns what templates and charts draw.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from exercises.domain.rechecks import WINDOW_S
from exercises.domain.run_states import RunState
from exercises.domain.steady_state import BASELINE_S, SETTLE_S
from exercises.domain.timeline import PlannedAction, planned_actions, planned_duration_s

OVER = frozenset({RunState.COMPLETED, RunState.STOPPED, RunState.FAILED})
NEVER = frozenset({RunState.CANCELLED, RunState.SKIPPED})


@dataclass(frozen=True, slots=True)
class ActionBar:
    """A piece of a row: planned seconds from the start, a length, and its class."""

    start: float
    seconds: float
    css: str


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One row: its name, how long it lasts, its bars, and its state as text."""

    name: str
    note: str
    bars: tuple[ActionBar, ...]
    icon: str
    tone: str
    words: str


@dataclass(frozen=True, slots=True)
class ActionTimeline:
    """All actions on one axis of planned seconds, with the fault window and now."""

    t0: float
    t1: float
    fault: tuple[float, float]
    now: float | None
    rows: tuple[ActionRow, ...]


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What the timeline asks of a run. Times are planned seconds since its start.

    `since_start_s` goes on after the end, while recovery is measured. `baseline` and
    `recovery` say where the probes were: inside, outside, or empty when nobody can say.
    `recheck_s` is how long after the end it is checked again, 0 is never; `recheck` what that
    found: inside, outside, none when it was not made, or empty before the verdict.
    """

    state: RunState | None
    is_stop_asked: bool
    elapsed_s: float | None
    ended_s: float | None
    since_start_s: float | None = None
    baseline: str = ""
    recovery: str = ""
    recheck_s: float = 0.0
    recheck: str = ""


Seconds = Callable[[datetime], float]


def action_timeline(
    definition: Mapping[str, object],
    observed: Sequence[Mapping[str, object]],
    run: RunFacts,
    *,
    seconds_of: Seconds,
) -> ActionTimeline:
    """The rows of a run, or of a plan that has not run when `run.state` is None."""
    planned = planned_actions(definition)
    seen = {str(action.get("name")): action for action in observed}
    duration = planned_duration_s(definition)
    fault_end = run.ended_s if run.ended_s is not None else float(duration)
    end = max(float(duration), run.ended_s or 0.0, run.elapsed_s or 0.0)
    return ActionTimeline(
        t0=-BASELINE_S,
        t1=end + max(SETTLE_S, run.recheck_s if run.recheck != "none" else 0.0),
        fault=(0.0, fault_end),
        now=run.elapsed_s if run.ended_s is None else None,
        rows=(
            _baseline(run),
            *(_row(action, seen.get(action.name), run, seconds_of) for action in planned),
            _recovery(run, end if run.ended_s is None else run.ended_s),
            *_recheck(run, end if run.ended_s is None else run.ended_s),
        ),
    )


def _baseline(run: RunFacts) -> ActionRow:
    """Whether the probes were inside before the fault: without that nothing can be learned."""
    name, length = "Baseline probes", _length(BASELINE_S)
    if run.state in NEVER:
        return ActionRow(name, length, (), "ban", "tone-idle", "Cancelled")
    if run.elapsed_s is None:
        planned = ActionBar(-BASELINE_S, BASELINE_S, "b-plan")
        return ActionRow(name, length, (planned,), "clock", "tone-idle", f"-{length}")
    css, icon, tone, words = _PROBED.get(run.baseline, _NOT_PROBED)
    bar = ActionBar(-BASELINE_S, BASELINE_S, css)
    return ActionRow(name, length, (bar,), icon, tone, words)


def _recovery(run: RunFacts, end: float) -> ActionRow:
    """Whether they came back inside after it; measured after a Stop as well."""
    name, length = "Recovery probes", _length(SETTLE_S)
    if run.state in NEVER:
        return ActionRow(name, length, (), "ban", "tone-idle", "Cancelled")
    if run.ended_s is None:
        is_ending = run.is_stop_asked and run.elapsed_s is not None
        planned = ActionBar(run.elapsed_s or 0.0 if is_ending else end, SETTLE_S, "b-plan")
        words = "After the Stop" if is_ending else offset_words(end)
        return ActionRow(name, length, (planned,), "clock", "tone-idle", words)
    spent = float(SETTLE_S) if run.since_start_s is None else run.since_start_s - end
    if spent < SETTLE_S:
        bars = ActionBar(end, spent, "b"), ActionBar(end + spent, SETTLE_S - spent, "b-rest")
        return ActionRow(name, length, bars, "play", "tone-run", "Measuring")
    css, icon, tone, words = _PROBED.get(run.recovery, _NOT_PROBED)
    return ActionRow(name, length, (ActionBar(end, SETTLE_S, css),), icon, tone, words)


def _recheck(run: RunFacts, end: float) -> tuple[ActionRow, ...]:
    """Whether they are still inside long after it; only where that is planned."""
    if not run.recheck_s:
        return ()
    name, note = "Checked again", f"after {_length(run.recheck_s)}"
    if run.state in NEVER or run.recheck == "none":
        words = "Cancelled" if run.state in NEVER else "Not made"
        return (ActionRow(name, note, (), "ban", "tone-idle", words),)
    at = end + run.recheck_s
    planned = "b-plan", "clock", "tone-idle", offset_words(at)
    css, icon, tone, words = _PROBED[run.recheck] if run.recheck else planned
    return (ActionRow(name, note, (ActionBar(at - WINDOW_S, WINDOW_S, css),), icon, tone, words),)


_PROBED: Final[Mapping[str, tuple[str, str, str, str]]] = {
    "inside": ("b-ok", "okc", "tone-ok", "Inside"),
    "outside": ("b-wait", "warn", "tone-wait", "Outside"),
}
_NOT_PROBED: Final = ("b-skip", "question", "tone-idle", "No data")


def _row(
    planned: PlannedAction,
    seen: Mapping[str, object] | None,
    run: RunFacts,
    seconds_of: Seconds,
) -> ActionRow:
    status = str(seen.get("status", "pending")) if seen else "pending"
    started = _moment(seen, "started_at", seconds_of)
    ended = _moment(seen, "ended_at", seconds_of)
    start = planned.offset_s if started is None else started
    bars, icon, tone, words = _look(planned, status, start, ended, run)
    return ActionRow(
        name=planned.name.replace("-", " "),
        note="no targets" if status == "skipped" else _length(planned.duration_s),
        bars=bars,
        icon=icon,
        tone=tone,
        words=words,
    )


Look = tuple[tuple[ActionBar, ...], str, str, str]


def _look(
    planned: PlannedAction, status: str, start: float, ended: float | None, run: RunFacts
) -> Look:
    length = float(planned.duration_s)
    now = run.elapsed_s if run.elapsed_s is not None else start
    spent = max(0.0, (now if ended is None else ended) - start)
    match status:
        case "completed":
            done = (ActionBar(start, spent, "b-ok"),)
            return done, "check", "tone-ok", _done_words(start + spent)
        case "running" | "initiating" if run.is_stop_asked:
            return (ActionBar(start, spent, "b"),), "spinner", "tone-danger", "Stopping"
        case "running" | "initiating":
            left = ActionBar(start + spent, max(0.0, length - spent), "b-rest")
            return (ActionBar(start, spent, "b"), left), "play", "tone-run", "Running"
        case "stopping":
            return (ActionBar(start, spent, "b-stop"),), "spinner", "tone-danger", "Rolling back"
        case "stopped":
            return (ActionBar(start, spent, "b-stop"),), "square", "tone-idle", "Stopped"
        case "failed":
            return (ActionBar(start, spent, "b-danger"),), "warn", "tone-danger", "Failed"
        case "skipped":
            return (ActionBar(start, length, "b-skip"),), "skip", "tone-idle", "Skipped"
        case "cancelled":
            return (), "ban", "tone-idle", "Cancelled"
    if run.is_stop_asked or run.state in NEVER:
        return (), "ban", "tone-idle", "Cancelled"
    if run.state in OVER:
        return (), "question", "tone-idle", "Not seen"
    planned_bar = (ActionBar(start, length, "b-plan"),)
    return planned_bar, "clock", "tone-idle", offset_words(planned.offset_s)


def _moment(seen: Mapping[str, object] | None, name: str, seconds_of: Seconds) -> float | None:
    text = seen.get(name) if seen else None
    return seconds_of(datetime.fromisoformat(str(text))) if text else None


def _done_words(seconds: float) -> str:
    """To the minute from the first minute on: there is room for no more."""
    if round(seconds) <= 0:
        return "Done"
    return f"Done {offset_words(seconds if seconds < 60 else round(seconds / 60) * 60)}"


def offset_words(seconds: float) -> str:
    """At start, +2 min, +1 min 20 s: as the axis counts."""
    whole = round(seconds)
    if whole <= 0:
        return "at start"
    minutes, rest = divmod(whole, 60)
    if minutes and not rest:
        return f"+{minutes} min"
    return f"+{minutes} min {rest} s" if minutes else f"+{rest} s"


def _length(seconds: float) -> str:
    return offset_words(seconds).removeprefix("+") if seconds else "at once"
