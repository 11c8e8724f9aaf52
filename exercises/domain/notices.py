"""What people are told: the topics, whom an exercise's moments reach, and when a mail goes.

Pure rules. services.announce asks them for each announcement, services.deliver for each try;
the page of a person's preferences and the policy page show them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from exercises.domain.errors import Invalid

RUNGS: Final = (1, 2, 3, 4, 5)


class Topic(StrEnum):
    """Why somebody is told something."""

    ANNOUNCED = "announced"
    WEEK_BEFORE = "week_before"
    DAY_BEFORE = "day_before"
    HOUR_BEFORE = "hour_before"
    STARTED = "started"
    STOPPED = "stopped"
    ENDED = "ended"
    DEBRIEF = "debrief"
    CANCELLED = "cancelled"
    EXPERIMENT_CANCELLED = "experiment_cancelled"
    NO_GO = "no_go"
    APPROVAL_ASKED = "approval_asked"
    CHANGES_REQUESTED = "changes_requested"
    DECLINED = "declined"
    APPROVED = "approved"
    APPROVAL_EXPIRES = "approval_expires"
    FINDING_ASSIGNED = "finding_assigned"
    FINDING_OVERDUE = "finding_overdue"
    FINDING_REOPENED = "finding_reopened"
    FINDING_ASKED = "finding_asked"
    FINDING_DUE_SOON = "finding_due_soon"
    WAIVER_ENDS = "waiver_ends"
    EDITION_CREATED = "edition_created"
    INVITED = "invited"
    MENTOR_ASKED = "mentor_asked"
    MENTOR_ANSWERED = "mentor_answered"
    SIGNED_OFF = "signed_off"
    SCHEDULE_SUSPENDED = "schedule_suspended"
    FREEZE_HOLDS = "freeze_holds"
    RESIDUAL_FAULT = "residual_fault"
    CHANNEL_DISABLED = "channel_disabled"
    REPORT = "report"
    TEST = "test"


class Audience(StrEnum):
    """Who an exercise's moments reach, beside its lead and safety officer."""

    PARTICIPANTS = "participants"
    DEPENDENTS = "dependents"
    LEADERSHIP = "leadership"

    @property
    def label(self) -> str:
        return _AUDIENCES[self]


_AUDIENCES: Final = {
    Audience.PARTICIPANTS: "Participating teams",
    Audience.DEPENDENTS: "Owners of what depends on them",
    Audience.LEADERSHIP: "Leadership",
}

_T = Topic
WORDS: Final[Mapping[Topic, str]] = MappingProxyType(
    {
        _T.ANNOUNCED: "Announcement, 14 days before",
        _T.WEEK_BEFORE: "Reminder, 7 days before",
        _T.DAY_BEFORE: "Reminder, 1 day before",
        _T.HOUR_BEFORE: "1 hour before, on-call acknowledges",
        _T.STARTED: "Start",
        _T.STOPPED: "Each stop",
        _T.ENDED: "End",
        _T.DEBRIEF: "Debrief",
        _T.CANCELLED: "An exercise is cancelled",
        _T.EXPERIMENT_CANCELLED: "An experiment is cancelled",
        _T.NO_GO: "No-go",
        _T.APPROVAL_ASKED: "An experiment waits for your approval",
        _T.CHANGES_REQUESTED: "Changes requested",
        _T.DECLINED: "Declined",
        _T.APPROVED: "Approved",
        _T.APPROVAL_EXPIRES: "An approval expires soon",
        _T.FINDING_ASSIGNED: "A finding is yours",
        _T.FINDING_OVERDUE: "Your finding is past its date",
        _T.FINDING_REOPENED: "A finding taken for fixed came back",
        _T.FINDING_ASKED: "Could a finding of others hit you?",
        _T.FINDING_DUE_SOON: "Your finding is due in a week",
        _T.WAIVER_ENDS: "A waiver of yours ends in a week",
        _T.EDITION_CREATED: "A new edition",
        _T.INVITED: "An invitation",
        _T.MENTOR_ASKED: "You are asked to be a mentor",
        _T.MENTOR_ANSWERED: "A mentor answers",
        _T.SIGNED_OFF: "A mentor signs an experiment off",
        _T.SCHEDULE_SUSPENDED: "A schedule is suspended",
        _T.FREEZE_HOLDS: "A freeze holds your experiment",
        _T.RESIDUAL_FAULT: "Something of a fault is left",
        _T.CHANNEL_DISABLED: "A channel is switched off",
        _T.REPORT: "A report you subscribed to",
        _T.TEST: "Test",
    }
)

BEFORE: Final[Mapping[Topic, timedelta]] = MappingProxyType(
    {
        _T.ANNOUNCED: timedelta(days=14),
        _T.WEEK_BEFORE: timedelta(days=7),
        _T.DAY_BEFORE: timedelta(days=1),
        _T.HOUR_BEFORE: timedelta(hours=1),
    }
)
"""The moments that come by themselves, each counted back from the start."""

MOMENTS: Final = (*BEFORE, _T.STARTED, _T.STOPPED, _T.ENDED, _T.DEBRIEF)
"""What the policy says per blast radius; every other topic is for those it concerns."""

URGENT: Final = frozenset({_T.STOPPED, _T.NO_GO, _T.HOUR_BEFORE, _T.RESIDUAL_FAULT, _T.TEST})
"""Told at once: no digest, no quiet hours."""

NEEDS_YOU: Final = frozenset(
    {_T.APPROVAL_ASKED, _T.CHANGES_REQUESTED, _T.APPROVAL_EXPIRES, _T.FINDING_ASSIGNED}
    | {_T.FINDING_OVERDUE, _T.INVITED, _T.SCHEDULE_SUSPENDED, _T.FREEZE_HOLDS, _T.HOUR_BEFORE}
    | {_T.NO_GO, _T.CHANNEL_DISABLED, _T.MENTOR_ASKED, _T.FINDING_REOPENED}
    | {_T.FINDING_ASKED, _T.FINDING_DUE_SOON, _T.WAIVER_ENDS, _T.RESIDUAL_FAULT}
)
"""Somebody has to do something, not only to know."""

MUTABLE: Final = tuple(topic for topic in Topic if topic not in URGENT | {_T.CHANNEL_DISABLED})
"""What a person may do without by mail. The inbox has it all the same."""


def grace_of(topic: Topic) -> timedelta:
    """How late a moment may still be told: a day at most, a quarter of the way for the rest."""
    return min(BEFORE[topic] / 4, timedelta(days=1))


@dataclass(frozen=True, slots=True)
class NoticeRules:
    """From which blast radius a moment reaches an audience; None is never."""

    least_rung: Mapping[tuple[Topic, Audience], int | None]

    def reaches(self, topic: Topic, audience: Audience, rung: int) -> bool:
        least = self.least_rung.get((topic, audience))
        return least is not None and rung >= least

    def as_json(self) -> dict[str, dict[str, int | None]]:
        return {
            moment.value: {a.value: self.least_rung[moment, a] for a in Audience}
            for moment in MOMENTS
        }


_QUIET_FOR_DEPENDENTS: Final = {_T.WEEK_BEFORE, _T.HOUR_BEFORE, _T.DEBRIEF}
_QUIET_FOR_LEADERSHIP: Final = {_T.WEEK_BEFORE, _T.HOUR_BEFORE}

BUILT_IN: Final = NoticeRules(
    {
        **{(moment, Audience.PARTICIPANTS): 1 for moment in MOMENTS},
        **{
            (moment, Audience.DEPENDENTS): None if moment in _QUIET_FOR_DEPENDENTS else 2
            for moment in MOMENTS
        },
        **{
            (moment, Audience.LEADERSHIP): None if moment in _QUIET_FOR_LEADERSHIP else 4
            for moment in MOMENTS
        },
    }
)
"""Until a programme lead writes another: leadership hears of rung 4 and 5."""


def read_rules(sent: object) -> NoticeRules:
    """The rules from JSON. Raises Invalid that names every cell at fault."""
    if not isinstance(sent, Mapping):
        raise Invalid("rules", "an object with one entry for each moment")
    problems = [
        (str(name), f"is no moment; they are {', '.join(MOMENTS)}")
        for name in sent
        if name not in MOMENTS
    ]
    cells: dict[tuple[Topic, Audience], int | None] = {}
    for moment in MOMENTS:
        row = sent.get(moment.value)
        if not isinstance(row, Mapping):
            problems.append((moment.value, "is missing: an object with one entry per audience"))
            continue
        problems += [
            (f"{moment.value}.{name}", f"is no audience; they are {', '.join(Audience)}")
            for name in row
            if name not in list(Audience)
        ]
        for audience in Audience:
            least = row.get(audience.value)
            if least is not None and (isinstance(least, bool) or least not in RUNGS):
                problems.append((f"{moment.value}.{audience.value}", "1 to 5, or null for never"))
            else:
                cells[moment, audience] = least
    if problems:
        raise Invalid.of(problems)
    return NoticeRules(cells)
