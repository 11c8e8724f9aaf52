"""The event log of an exercise as the room shows it: newest first, notes and pins marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from exercises.models import Exercise, RunEvent

SHOWN: Final = 100

_ICONS: Final = {
    "exercise.go": ("approve", "tone-ok"),
    "wave.continued": ("play", "tone-ok"),
    "poll.go": ("okc", "tone-ok"),
    "poll.no_go": ("ban", "tone-danger"),
    "action.running": ("play", "tone-run"),
    "action.completed": ("check", "tone-ok"),
    "action.skipped": ("skip", "tone-idle"),
    "action.failed": ("warn", "tone-danger"),
    "probe.outside": ("warn", "tone-wait"),
    "probe.inside": ("okc", "tone-ok"),
    "run.running": ("play", "tone-run"),
    "run.completed": ("check", "tone-ok"),
    "run.stopping": ("spinner", "tone-danger"),
    "run.stopped": ("square", "tone-idle"),
    "run.cancelled": ("ban", "tone-idle"),
    "run.skipped": ("skip", "tone-idle"),
    "decision.approve": ("approve", "tone-ok"),
    "run.failed": ("warn", "tone-danger"),
    "run.unapproved": ("warn", "tone-danger"),
    "run.start_unknown": ("question", "tone-wait"),
    "run.acknowledged": ("eye", "tone-ok"),
    "probe.judged": ("eye", "tone-idle"),
    "alarm.fired": ("bell", "tone-wait"),
    "stop.accepted": ("okc", "tone-ok"),
    "stop.rolled_back": ("check", "tone-ok"),
    "stop.verified": ("okc", "tone-ok"),
    "stop.failed": ("warn", "tone-danger"),
    "cleanup.clean": ("okc", "tone-ok"),
    "cleanup.left": ("warn", "tone-wait"),
    "verdict.held": ("okc", "tone-ok"),
    "verdict.not_held": ("diamond", "tone-learn"),
    "verdict.inconclusive": ("question", "tone-idle"),
}
_BY_TOPIC: Final = {
    "note": ("comment", "tone-idle"),
    "poll": ("people", "tone-idle"),
    "on_call": ("phone", "tone-idle"),
    "wave": ("pause", "tone-idle"),
    "stop": ("stop", "tone-danger"),
    "run": ("clock", "tone-idle"),
    "action": ("minus", "tone-idle"),
    "alarm": ("bell", "tone-idle"),
    "finding": ("finding", "tone-learn"),
    "cleanup": ("minus", "tone-idle"),
}


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line. `is_pinned` lines come up in the debrief."""

    event_id: int
    at: datetime
    icon: str
    tone: str
    text: str
    source: str
    is_note: bool
    is_pinned: bool


def log_lines(exercise: Exercise, *, notes_only: bool = False) -> Sequence[LogLine]:
    """The newest lines, in one query."""
    events = (
        RunEvent.objects.filter(exercise=exercise)
        .exclude(run__is_rehearsal=True)
        .select_related("pin")
    )
    if notes_only:
        events = events.filter(kind__startswith="note")
    return tuple(_line(event) for event in events.order_by("-at", "-id")[:SHOWN])


def look_of(kind: str) -> tuple[str, str]:
    """The icon of a kind of line, and its tone."""
    topic = kind.split(".", 1)[0]
    return _ICONS.get(kind) or _BY_TOPIC.get(topic, ("info", "tone-idle"))


def _line(event: RunEvent) -> LogLine:
    icon, tone = look_of(event.kind)
    return LogLine(
        event_id=event.pk,
        at=event.at,
        icon=icon,
        tone=tone,
        text=event.text,
        source=event.source,
        is_note=event.kind.startswith("note"),
        is_pinned=hasattr(event, "pin"),
    )
