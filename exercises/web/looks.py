"""What each state looks like: its class, its icon and its word.

The one table behind `{% pill %}`. Solid red is not in it: that surface belongs to Stop.
Called by the template tags; a key that is missing here is a mistake of ours, so it raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True)
class Look:
    css: str
    icon: str  # empty for the pulsing dot
    words: str


PULSE: Final = ""

RUN_STATES: Final[Mapping[str, Look]] = MappingProxyType(
    {
        "scheduled": Look("p-draft", "calendar", "Scheduled"),
        "queued": Look("p-draft", "clock", "Queued"),
        "starting": Look("p-ready", "spinner", "Starting"),
        "start_unknown": Look("p-wait", "question", "Start unconfirmed"),
        "running": Look("p-run", PULSE, "Running"),
        "stopping": Look("p-stopping", "spinner", "Stopping"),
        "completed": Look("", "check", "Completed"),
        "stopped": Look("p-stopped", "square", "Stopped"),
        "failed": Look("p-danger", "warn", "Failed"),
        "cancelled": Look("", "ban", "Cancelled"),
        "skipped": Look("p-draft", "skip", "Skipped"),
    }
)

VERDICTS: Final[Mapping[str, Look]] = MappingProxyType(
    {
        "held": Look("p-ok", "okc", "Held"),
        "not_held": Look("p-learn", "diamond", "Not held"),
        "inconclusive": Look("", "question", "Inconclusive"),
    }
)

EXPERIMENT_STATES: Final[Mapping[str, Look]] = MappingProxyType(
    {
        "draft": Look("p-draft", "pencil", "Draft"),
        "proposed": Look("p-wait", "clock", "In approval"),
        "waiting": Look("p-wait", "clock", "In approval"),
        "changes": Look("p-wait", "comment", "Changes requested"),
        "approved": Look("p-ready", "approve", "Approved"),
        "declined": Look("", "x", "Declined"),
        "not_approved": Look("", "minus", "Not approved"),
        "withdrawn": Look("", "minus", "Withdrawn"),
        "frozen": Look("p-wait", "snow", "Held by freeze"),
        "blocked": Look("p-danger", "ban", "Blocked by policy"),
    }
)

PHASES: Final[Mapping[str, Look]] = MappingProxyType(
    {
        "plan": Look("p-draft", "pencil", "Plan"),
        "join": Look("p-wait", "people", "Join"),
        "approve": Look("p-wait", "approve", "Approve"),
        "preflight": Look("p-ready", "target", "Pre-flight"),
        "live": Look("p-run", PULSE, "Live"),
        "debrief": Look("p-learn", "comment", "Debrief"),
        "closed": Look("", "check", "Closed"),
        "cancelled": Look("", "ban", "Cancelled"),
    }
)

CHECKS: Final[Mapping[str, Look]] = MappingProxyType(
    {
        "ok": Look("p-ok", "check", "Passed"),
        "warn": Look("p-wait", "warn", "Warning"),
        "fail": Look("p-danger", "x", "Failed"),
        "pending": Look("p-draft", "clock", "Pending"),
        "stale": Look("p-wait", "refresh", "Too old"),
    }
)

STEADY_STATE: Final[Mapping[str, Look]] = MappingProxyType(
    {
        "inside": Look("p-ok", "check", "Inside"),
        "outside": Look("p-wait", "warn", "Outside"),
        "unknown": Look("p-wait", "question", "Unknown"),
    }
)

PARTICIPATION: Final[Mapping[str, Look]] = MappingProxyType(
    {
        "invited": Look("p-draft", "clock", "Invited"),
        "accepted": Look("p-ok", "check", "Joined"),
        "declined": Look("", "x", "Declined"),
        "go": Look("p-ok", "okc", "Go"),
        "no_go": Look("p-danger", "ban", "No go"),
    }
)

FINDING_STATES: Final[Mapping[str, Look]] = MappingProxyType(
    {
        "found": Look("p-learn", "finding", "Found"),
        "open": Look("p-learn", "finding", "Accepted"),
        "fix_agreed": Look("p-ready", "pencil", "Fix agreed"),
        "fixed": Look("p-ready", "settings", "Fix live"),
        "retest": Look("p-wait", "refresh", "Retest"),
        "verified": Look("p-ok", "okc", "Verified"),
        "risk_accepted": Look("", "shield", "Risk accepted"),
        "dismissed": Look("", "x", "Dismissed"),
    }
)

QUESTIONS: Final[Mapping[str, Look]] = MappingProxyType(
    {
        "asked": Look("p-wait", "question", "Asked"),
        "could_hit": Look("p-wait", "warn", "It could"),
        "cannot_hit": Look("p-ok", "check", "No"),
        "not_known": Look("p-draft", "question", "Not known yet"),
        "surprise": Look("p-learn", "diamond", "Surprise"),
        "tried": Look("p-ready", "flask", "Proposed there"),
    }
)

GAME_DAYS: Final[Mapping[str, Look]] = MappingProxyType(
    {
        "game_ahead": Look("p-draft", "calendar", "Ahead"),
        "game_on": Look("p-run", PULSE, "Live"),
        "game_over": Look("p-wait", "clock", "Over"),
        "game_final": Look("p-ok", "trophy", "Final standings"),
        "idea_new": Look("p-wait", "clock", "Jury reads"),
        "idea_accepted": Look("p-ok", "check", "Accepted"),
        "idea_declined": Look("", "minus", "Not accepted"),
    }
)

DELIVERIES: Final[Mapping[str, Look]] = MappingProxyType(
    {
        "delivery_waiting": Look("p-draft", "clock", "Waiting"),
        "delivery_sent": Look("p-ok", "check", "Sent"),
        "delivery_failed": Look("p-danger", "warn", "Not delivered"),
        "acknowledged": Look("p-ok", "okc", "Acknowledged"),
    }
)

CLEAN_UPS: Final[Mapping[str, Look]] = MappingProxyType(
    {
        "residue_waiting": Look("p-draft", "clock", "Not compared yet"),
        "residue_looking": Look("p-wait", "spinner", "Being compared"),
        "residue_clean": Look("p-ok", "okc", "Nothing left"),
        "residue_left": Look("p-wait", "warn", "Something left"),
        "residue_waived": Look("", "minus", "Left as it is"),
    }
)

LOOKS: Final[Mapping[str, Look]] = MappingProxyType(
    {
        **RUN_STATES,
        **VERDICTS,
        **EXPERIMENT_STATES,
        **PHASES,
        **CHECKS,
        **STEADY_STATE,
        **PARTICIPATION,
        **FINDING_STATES,
        **QUESTIONS,
        **GAME_DAYS,
        **DELIVERIES,
        **CLEAN_UPS,
    }
)

VERDICT_CHOICES: Final = tuple((key, look.words) for key, look in VERDICTS.items())

SEVERITIES: Final = MappingProxyType({1: "Low", 2: "Medium", 3: "High"})
