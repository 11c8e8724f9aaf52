"""What an announcement says: its title, its sentence, and where it leads.

Used by mails and chat (absolute addresses), the inbox and the API: the same words everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse

from exercises.domain.notices import Topic
from exercises.domain.report_periods import period_from
from exercises.models import Announcement, Exercise, Notice

_T = Topic
_TITLES: Final = {
    _T.ANNOUNCED: "{exercise} takes place on {when}",
    _T.WEEK_BEFORE: "{exercise} is in a week, on {when}",
    _T.DAY_BEFORE: "{exercise} is tomorrow, {when}",
    _T.HOUR_BEFORE: "{exercise} begins in an hour, {when}",
    _T.STARTED: "{exercise} has started",
    _T.STOPPED: "Stopped: {what}",
    _T.ENDED: "{exercise}: nothing runs any more, debrief is open",
    _T.DEBRIEF: "{exercise}: the debrief is closed",
    _T.CANCELLED: "{exercise} is cancelled",
    _T.EXPERIMENT_CANCELLED: "Cancelled: {experiment}",
    _T.NO_GO: "No-go for {exercise}",
    _T.APPROVAL_ASKED: "{experiment} waits for your approval",
    _T.CHANGES_REQUESTED: "Changes requested: {experiment}",
    _T.DECLINED: "Declined: {experiment}",
    _T.APPROVED: "Approved: {experiment}",
    _T.APPROVAL_EXPIRES: "An approval of {experiment} expires before it runs",
    _T.FINDING_ASSIGNED: "{finding} is yours",
    _T.FINDING_OVERDUE: "{finding} is past its date",
    _T.FINDING_REOPENED: "{finding} is open again",
    _T.FINDING_ASKED: "Could {finding} hit you?",
    _T.FINDING_DUE_SOON: "{finding} is due soon",
    _T.WAIVER_ENDS: "The waiver of {finding} ends soon",
    _T.EDITION_CREATED: "{exercise} is planned for {when}",
    _T.INVITED: "You are invited: {exercise}, {when}",
    _T.MENTOR_ASKED: "{application} asks you to be its mentor",
    _T.MENTOR_ANSWERED: "{mentor} {answer} to be the mentor of {application}",
    _T.SIGNED_OFF: "A mentor signed {experiment} off",
    _T.SCHEDULE_SUSPENDED: "The schedule of {exercise} is suspended",
    _T.FREEZE_HOLDS: "A freeze holds {experiment}",
    _T.RESIDUAL_FAULT: "Something is left of {experiment}",
    _T.CHANNEL_DISABLED: "A channel is switched off",
    _T.REPORT: "Report: {months}",
    _T.TEST: "A test from chaosplane",
}
_ANSWERS: Final = {"asked": "is asked", "accepted": "agrees", "declined": "declines"}
_TO_PAGE: Final = {
    _T.HOUR_BEFORE: "exercise_preflight",
    _T.INVITED: "exercise_participants",
    _T.EDITION_CREATED: "exercise_participants",
    _T.STARTED: "live_room",
    _T.STOPPED: "live_room",
    _T.ENDED: "debrief",
    _T.DEBRIEF: "debrief",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One announcement as people read it. `href` is absolute."""

    title: str
    text: str
    href: str
    because: str
    when: str


def title_of(row: Announcement) -> str:
    exercise = _exercise(row)
    experiment = row.experiment.title if row.experiment else ""
    name = exercise.name if exercise else "An exercise"
    asked = row.mentor_request
    return _TITLES[Topic(row.topic)].format(
        exercise=name,
        experiment=f"“{experiment}”" if experiment else name,
        what=f"“{experiment}”" if experiment else name,
        application=asked.application.name if asked else "A team",
        mentor=asked.mentor.name if asked else "A mentor",
        answer=_ANSWERS[asked.answer] if asked else "answers",
        finding=row.finding.code if row.finding else "A finding",
        when=_stamp(exercise) if exercise else "",
        months=_months(row.report_period),
    )


def path_of(row: Announcement) -> str:
    """Where it leads in the product."""
    topic, exercise = Topic(row.topic), _exercise(row)
    if row.finding is not None:
        return reverse("finding_detail", args=[row.finding.pk])
    if topic is _T.MENTOR_ASKED:
        return reverse("mentor_list")
    if row.mentor_request is not None:
        asked = row.mentor_request
        return reverse("ladder_detail", args=[asked.application.slug, asked.failure_family])
    if row.report_period:
        return reverse("report", args=[row.report_period])
    if topic in {_T.CHANNEL_DISABLED, _T.TEST}:
        return reverse("notify_wishes")
    if topic is _T.APPROVAL_ASKED and row.experiment is not None:
        return f"{reverse('approvals')}?{urlencode({'experiment': row.experiment.pk})}"
    if row.experiment is not None and topic is _T.RESIDUAL_FAULT:
        return reverse("clean_up", args=[row.experiment.pk])
    if row.experiment is not None and topic is not _T.STOPPED:
        return reverse("experiment_detail", args=[row.experiment.pk])
    if exercise is not None:
        return reverse(_TO_PAGE.get(topic, "exercise_detail"), args=[exercise.slug])
    return reverse("inbox")


def address_of(url_name: str) -> str:
    return f"{settings.CHAOSPLANE_BASE_URL}{reverse(url_name)}"


def line_of(row: Announcement, notice: Notice | None) -> Line:
    exercise = _exercise(row)
    zone = exercise.timezone if exercise else "UTC"
    local = row.happened_at.astimezone(ZoneInfo(zone))
    return Line(
        title=title_of(row),
        text=row.text,
        href=f"{settings.CHAOSPLANE_BASE_URL}{path_of(row)}",
        because=notice.because if notice else "",
        when=f"{local:%a} {local.day} {local:%b}, {local:%H:%M} {local.tzname()}",
    )


def text_of(lines: Sequence[Line]) -> str:
    """Several announcements as plain text, for mail without HTML and for chat."""
    parts = []
    for line in lines:
        why = ". ".join(filter(None, (line.when, line.because)))
        parts.append("\n".join(filter(None, (line.title, line.text, line.href, why))))
    return "\n\n".join([*parts, f"What you are told, and when: {address_of('notify_wishes')}"])


def _months(key: str) -> str:
    if not key:
        return ""
    period = period_from(key)
    return f"{period.first.first_day:%B} to {period.last.first_day:%B %Y}"


def _exercise(row: Announcement) -> Exercise | None:
    if row.exercise is not None:
        return row.exercise
    return row.experiment.exercise if row.experiment else None


def _stamp(exercise: Exercise) -> str:
    local = exercise.starts_at.astimezone(ZoneInfo(exercise.timezone))
    return f"{local:%a} {local.day} {local:%b}, {local:%H:%M} {local.tzname()}"
