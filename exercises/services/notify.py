"""Tell people: one row, written in the transaction of what happened.

`tell` is cheap on purpose, because Stop and start call it under their locks: whom it concerns
and by which way they hear of it is worked out afterwards by services.announce.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from exercises.domain.notices import Topic
from exercises.models import Announcement, Exercise, Experiment, Finding, MentorRequest, RunEvent
from exercises.models.due_work import database_now

OF_EVENT: Final[Mapping[str, Topic]] = {
    "exercise.created": Topic.EDITION_CREATED,
    "exercise.go": Topic.STARTED,
    "exercise.debrief": Topic.ENDED,
    "exercise.closed": Topic.DEBRIEF,
    "exercise.cancelled": Topic.CANCELLED,
    "poll.no_go": Topic.NO_GO,
    "stop.all": Topic.STOPPED,
    "stop.requested": Topic.STOPPED,
    "schedule.suspended": Topic.SCHEDULE_SUSPENDED,
}
"""The lines of the log that people hear of beyond the room."""


def tell(
    topic: Topic,
    *,
    key: str,
    text: str = "",
    exercise: Exercise | None = None,
    experiment: Experiment | None = None,
    finding: Finding | None = None,
    mentor_request: MentorRequest | None = None,
    by_id: int | None = None,
    people: Iterable[int] = (),
    report_period: str = "",
    at: datetime | None = None,
) -> None:
    """Have people told, once per `key`. Call it in the transaction of the event.

    `by_id` is who did it, and hears nothing of it; `people` are ids of persons it concerns
    whom the topic does not name by itself. The report of `report_period` goes with the mail.
    """
    now = database_now()
    row = Announcement(
        topic=topic.value,
        key=key[:120],
        happened_at=at or now,
        text=text[:500],
        exercise=exercise,
        experiment=experiment,
        finding=finding,
        mentor_request=mentor_request,
        by_id=by_id,
        people=sorted(set(people)),
        report_period=report_period,
        due_at=now,
    )
    Announcement.objects.bulk_create([row], ignore_conflicts=True)


def tell_of_event(event: RunEvent) -> None:
    """Have people told of a line of the log when it is one that concerns more than the room."""
    topic = OF_EVENT.get(event.kind)
    if event.kind == "run.running" and event.exercise.kind == "self_service":
        topic = Topic.STARTED  # nobody says Go for it
    if topic is None or event.exercise.is_imported:
        return
    tell(
        topic,
        key=f"event:{event.pk}",
        text=event.text,
        exercise=event.exercise,
        experiment=event.run.experiment if event.run else None,
        by_id=event.author_id,
        at=event.at,
    )
