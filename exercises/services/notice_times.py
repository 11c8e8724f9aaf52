"""What people are told because a time has come: before an exercise, before an approval
lapses, when a finding is past its date, while a freeze holds an experiment.

Called by the tick. Each has a key of its own, so that it is told once; a moment that passed
while nobody looked is skipped and says so, never caught up with.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import F

from exercises.domain.exercise_phases import BEFORE_LIVE
from exercises.domain.finding_states import STANDING
from exercises.domain.freezes import freezes_touching
from exercises.domain.notices import BEFORE, Topic, grace_of
from exercises.models import Announcement, Decision, Exercise, Experiment, Finding, SignOfLife
from exercises.models.due_work import database_now
from exercises.queries.freezes import freeze_facts
from exercises.queries.notice_recipients import answering_for
from exercises.queries.organisation_day import organisation_day
from exercises.services.notify import tell

_FOR_EXERCISES_OF_MANY: Final = frozenset({Topic.ANNOUNCED, Topic.WEEK_BEFORE})
_NAME: Final = "notices"
_EVERY: Final = timedelta(seconds=30)
_APPROVAL_WARNING: Final = timedelta(days=3)
_FINDING_WARNING: Final = timedelta(days=7)
_TOPIC_OF: Final = {
    "overdue": Topic.FINDING_OVERDUE,
    "soon": Topic.FINDING_DUE_SOON,
    "waiver": Topic.WAIVER_ENDS,
}


def tell_what_is_due() -> None:
    """Write the announcements whose time has come, and look every half minute at most."""
    now = database_now()
    if not _is_my_turn(now):
        return
    look(now)


def look(now: datetime) -> None:
    """One look, in a constant number of queries while there is nothing to tell."""
    _moments(now)
    _approvals_that_lapse(now)
    _findings(now)
    _held_by_freezes(now)


def _is_my_turn(now: datetime) -> bool:
    SignOfLife.objects.bulk_create(
        [SignOfLife(name=_NAME, at=now - 2 * _EVERY)], ignore_conflicts=True
    )
    return bool(SignOfLife.objects.filter(name=_NAME, at__lte=now - _EVERY).update(at=now))


def _moments(now: datetime) -> None:
    ahead = Exercise.objects.filter(
        phase__in=BEFORE_LIVE,
        starts_at__gt=now,
        starts_at__lte=now + max(BEFORE.values()),
        is_imported=False,
    )
    due = {
        f"exercise:{exercise.pk}:{topic.value}": (exercise, topic, exercise.starts_at - before)
        for exercise in ahead
        for topic, before in BEFORE.items()
        if exercise.starts_at - before <= now and _is_told(exercise, topic)
    }
    for key in _new(due):
        exercise, topic, at = due[key]
        planned_late = exercise.created_at > at + grace_of(topic)
        if planned_late or now - at > grace_of(topic):
            _skip(topic, key, exercise, at, planned_late=planned_late)
        else:
            tell(topic, key=key, exercise=exercise, text=exercise.goal[:300], at=at)


def _is_told(exercise: Exercise, topic: Topic) -> bool:
    return exercise.kind != "self_service" or topic not in _FOR_EXERCISES_OF_MANY


def _skip(topic: Topic, key: str, exercise: Exercise, at: datetime, *, planned_late: bool) -> None:
    because = (
        "its time had passed when the exercise was planned"
        if planned_late
        else "its time had passed when chaosplane came to it"
    )
    Announcement.objects.bulk_create(
        [
            Announcement(
                topic=topic.value,
                key=key,
                happened_at=at,
                exercise=exercise,
                skipped_because=because,
            )
        ],
        ignore_conflicts=True,
    )


def _approvals_that_lapse(now: datetime) -> None:
    """An approval that ends before the experiment can run."""
    lapsing = Decision.objects.filter(
        verdict="approve",
        valid_until__gt=now,
        valid_until__lte=now + _APPROVAL_WARNING,
        experiment__status="proposed",
        experiment__revision__digest=F("digest"),
        experiment__exercise__starts_at__gt=F("valid_until"),
        experiment__exercise__phase__in=BEFORE_LIVE,
    )
    due = {f"decision:{row.pk}:lapses": row for row in lapsing.select_related("experiment")}
    for key in _new(due):
        tell(
            Topic.APPROVAL_EXPIRES,
            key=key,
            experiment=due[key].experiment,
            people=[due[key].decided_by_id],
        )


def _findings(now: datetime) -> None:
    """What is past its day, due within a week, or waived until within a week: who owns it is
    told, else who answers for the application; of a waiver also who took the risk."""
    today = organisation_day(now)
    rows = Finding.objects.filter(
        due_on__lte=today + _FINDING_WARNING, is_imported=False, state__in=STANDING
    ).select_related("application")
    due = {f"finding:{row.pk}:{_word_of(row, today)}:{row.due_on}": row for row in rows}
    for key in _new(due):
        row = due[key]
        concerned: list[int | None] = [row.owner_id]
        if row.owner_id is None:
            concerned = [*answering_for(row.application)]
        word = _word_of(row, today)
        if word == "waiver":
            concerned.append(row.waived_by_id)
        tell(
            _TOPIC_OF[word],
            key=key,
            finding=row,
            text=f"{row.title}. The day is {row.due_on:%-d %B %Y}.",
            people=[pk for pk in concerned if pk is not None],
        )


def _word_of(finding: Finding, today: date) -> str:
    if finding.due_on is not None and finding.due_on < today:
        return "overdue"
    return "waiver" if finding.waived_until == finding.due_on else "soon"


def _held_by_freezes(now: datetime) -> None:
    """Proposed experiments whose exercise lies in a freeze that covers them."""
    freezes = freeze_facts(now)
    if not freezes:
        return
    ahead = Experiment.objects.filter(
        status="proposed",
        exercise__ends_at__gt=now,
        exercise__phase__in=BEFORE_LIVE,
    ).select_related("exercise", "application", "deployment__place__account")
    due = {
        f"freeze:{freeze.id}:{experiment.pk}": (freeze, experiment)
        for experiment in ahead
        for freeze in freezes_touching(
            freezes,
            experiment.exercise.window,
            environment=experiment.deployment.place.account.environment,
            account_ids=experiment.account_ids,
            team_id=experiment.application.team_id,
        )
    }
    for key in _new(due):
        freeze, experiment = due[key]
        tell(
            Topic.FREEZE_HOLDS,
            key=key,
            experiment=experiment,
            text=f"{freeze.name} lies over its window: nothing starts in it.",
        )


def _new(keys: Iterable[str]) -> list[str]:
    """The keys nothing was told under yet."""
    wanted = list(keys)
    if not wanted:
        return []
    known = set(Announcement.objects.filter(key__in=wanted).values_list("key", flat=True))
    return [key for key in wanted if key not in known]
