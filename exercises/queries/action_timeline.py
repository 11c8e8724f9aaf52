"""The actions of a run as bars: what was planned, merged with what the engine says happened.

Pure: takes a definition and the observed actions, returns what templates and charts draw.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from exercises.domain.run_states import RunState
from exercises.domain.timeline import PlannedAction, planned_actions, planned_duration_s

LEAD_IN_S = 300
"""Planned seconds of steady state drawn before the fault."""

RECOVERY_S = 300
"""Planned seconds drawn after the fault: recovery is part of the answer."""

OVER = frozenset({RunState.COMPLETED, RunState.STOPPED, RunState.FAILED})


@dataclass(frozen=True, slots=True)
class ActionBar:
    """A piece of a row: planned seconds from the start, a length, and its class."""

    start: float
    seconds: float
    css: str


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One action: its name, what it does in few words, its bars, and its state as text."""

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
    """What the timeline asks of a run; `ended_s` and `elapsed_s` in planned seconds."""

    state: RunState | None
    is_stop_asked: bool
    elapsed_s: float | None
    ended_s: float | None


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
        t0=-LEAD_IN_S,
        t1=end + RECOVERY_S,
        fault=(0.0, fault_end),
        now=run.elapsed_s if run.ended_s is None else None,
        rows=tuple(_row(action, seen.get(action.name), run, seconds_of) for action in planned),
    )


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
    if run.is_stop_asked or run.state in {RunState.CANCELLED, RunState.SKIPPED}:
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
