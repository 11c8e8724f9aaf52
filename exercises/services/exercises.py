"""Plan an exercise, invite, move it on, take notes."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from exercises import hints
from exercises.domain.actors import Actor
from exercises.domain.errors import Conflict, Invalid, Refusal, Refused
from exercises.domain.exercise_phases import Phase, move
from exercises.domain.finding_states import FindingState
from exercises.domain.notices import Topic
from exercises.domain.places import place_problems
from exercises.domain.run_states import RunState
from exercises.domain.times import is_zone
from exercises.models import (
    Application,
    DebriefAnswers,
    Exercise,
    Experiment,
    Participation,
    Pin,
    Run,
    RunEvent,
    User,
)
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.queries.clean_ups import open_clean_ups
from exercises.queries.notice_recipients import answering_for
from exercises.services.audit import record
from exercises.services.notify import tell
from exercises.services.run_events import append_event
from exercises.services.run_plan import cancel_scheduled_run

SLUG: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
LONGEST_WINDOW: Final = timedelta(hours=24)


def plan_exercise(
    *,
    actor: Actor,
    slug: str,
    name: str,
    starts_at: datetime,
    ends_at: datetime,
    timezone: str,
    region: str,
    az: str,
    lead: User,
    safety_officer: User | None,
    goal: str = "",
) -> Exercise:
    """Create an exercise by hand. Raises Invalid (slug taken, window), NotAllowed."""
    authorize(actor, "exercise.plan")
    problems = _plan_problems(slug, name, starts_at, ends_at, timezone, region, az)
    if problems:
        raise Invalid.of(problems)
    with transaction.atomic():
        exercise = Exercise.objects.create(
            slug=slug,
            name=name,
            starts_at=starts_at,
            ends_at=ends_at,
            timezone=timezone,
            region=region,
            az=az,
            lead=lead,
            safety_officer=safety_officer,
            goal=goal,
        )
        record(actor, "exercise.plan", exercise, name=name)
    return exercise


def _plan_problems(
    slug: str,
    name: str,
    starts_at: datetime,
    ends_at: datetime,
    timezone: str,
    region: str,
    az: str,
) -> list[tuple[str, str]]:
    problems: list[tuple[str, str]] = []
    if not SLUG.fullmatch(slug):
        problems.append(("slug", "1 to 60 lower-case letters, digits and hyphens"))
    elif Exercise.objects.filter(slug=slug).exists():
        problems.append(("slug", f"“{slug}” is taken; choose another"))
    if not 1 <= len(name.strip()) <= 120:
        problems.append(("name", "1 to 120 characters"))
    if starts_at <= database_now():
        problems.append(("starts_at", "lies in the past; choose a later time"))
    if ends_at <= starts_at:
        problems.append(("ends_at", "must be later than the start"))
    elif ends_at - starts_at > LONGEST_WINDOW:
        problems.append(("ends_at", "a window lasts 24 hours at most"))
    if not is_zone(timezone):
        problems.append(("timezone", "an IANA name such as Europe/Berlin"))
    return problems + place_problems(region, az)


def invite(*, actor: Actor, exercise: Exercise, applications: list[Application]) -> None:
    """Invite applications; those already in stay as they are."""
    authorize(actor, "exercise.advance", exercise)
    with transaction.atomic():
        exercise = Exercise.objects.select_for_update(no_key=True).get(pk=exercise.pk)
        for application in applications:
            _, is_new = Participation.objects.get_or_create(
                exercise=exercise, application=application
            )
            if is_new:
                tell(
                    Topic.INVITED,
                    key=f"exercise:{exercise.pk}:invited:{application.pk}",
                    text=f"{application.name}: say whether you take part, and who is on call.",
                    exercise=exercise,
                    by_id=actor.user_id,
                    people=answering_for(application),
                )
        if exercise.phase == Phase.PLAN.value and applications:
            _enter(exercise, Phase.JOIN, actor)
        record(actor, "exercise.invite", exercise, applications=[a.slug for a in applications])


def move_exercise(*, actor: Actor, exercise: Exercise, to: Phase) -> Exercise:
    """Move to the next phase. Go has its own door: `go_live`.

    Raises Refused when the debrief would close over a run that may have left something behind,
    over drafted findings nobody decided on, or without its three answers.
    """
    authorize(actor, "exercise.advance", exercise)
    if to is Phase.LIVE:
        raise Invalid("phase", "an exercise goes live only by Go")
    if to is Phase.CANCELLED:
        raise Invalid("phase", "an exercise is cancelled with a reason")
    with transaction.atomic():
        locked = Exercise.objects.select_for_update(no_key=True).get(pk=exercise.pk)
        if to is Phase.CLOSED:
            _refuse_what_is_left(locked)
            _refuse_undecided_findings(locked)
            _refuse_without_answers(locked)
        if to is Phase.DEBRIEF:
            _take_off_the_schedule(locked)
        _enter(locked, to, actor)
        record(actor, "exercise.move", locked, to=to.value)
    return locked


def _take_off_the_schedule(exercise: Exercise) -> None:
    """Nothing starts after the end. Raises Conflict while something is under way."""
    under_way = (
        Run.objects.unfinished()
        .exclude(state=RunState.SCHEDULED.value)
        .filter(experiment__exercise=exercise, is_rehearsal=False)
    )
    if under_way.exists():
        raise Conflict("something is still running: Stop it or wait until it has ended")
    for experiment in exercise.experiments.all():
        cancel_scheduled_run(experiment, because="the exercise ended")


def add_note(
    *,
    actor: Actor,
    exercise: Exercise,
    text: str,
    experiment: Experiment | None = None,
    is_pinned: bool = False,
    went_well: bool = False,
) -> RunEvent:
    """Write an observation, or what went well, into the event log.

    Raises Invalid (empty, over 1,000 characters).
    """
    authorize(actor, "exercise.note", exercise)
    if not text.strip():
        raise Invalid("text", "write what you see")
    if len(text) > 1000:
        raise Invalid("text", "at most 1,000 characters")
    run = experiment.runs.filter(is_rehearsal=False).last() if experiment else None
    with transaction.atomic():
        event = append_event(
            exercise=exercise,
            run=run,
            kind="note.went_well" if went_well else "note",
            text=text.strip(),
            source=actor.name,
            author_id=actor.user_id,
        )
        if is_pinned:
            pin_event(actor=actor, event=event)
    return event


def pin_event(*, actor: Actor, event: RunEvent) -> Pin:
    """Mark a line for the debrief; marking it twice is once."""
    authorize(actor, "exercise.note", event.exercise)
    pin, _ = Pin.objects.get_or_create(event=event, defaults={"pinned_by_id": actor.person_id})
    hints.tell_pages(event.exercise_id)
    return pin


def unpin_event(*, actor: Actor, event: RunEvent) -> None:
    """Take the mark off again; the line stays."""
    authorize(actor, "exercise.note", event.exercise)
    Pin.objects.filter(event=event).delete()
    hints.tell_pages(event.exercise_id)


def _refuse_what_is_left(exercise: Exercise) -> None:
    left = [row.run.experiment.title for row in open_clean_ups(exercise)]
    if left:
        raise Refused(
            Refusal(
                rule="run.not_clean",
                because=f"Not seen to be clean yet: {', '.join(left)}.",
                lifted_by="Put back what is left and have it looked at, or leave it with a reason.",
            )
        )


def _refuse_undecided_findings(exercise: Exercise) -> None:
    drafts = exercise.findings.filter(state=FindingState.DRAFT.value).count()
    if drafts:
        raise Refused(
            Refusal(
                rule="finding.undecided",
                because=f"{drafts} drafted finding{'s' if drafts > 1 else ''} not decided on.",
                lifted_by="Accept or dismiss each of them in the debrief.",
            )
        )


def _refuse_without_answers(exercise: Exercise) -> None:
    if not DebriefAnswers.objects.filter(exercise=exercise).exists():
        raise Refused(
            Refusal(
                rule="debrief.unanswered",
                because="The debrief has no answers yet.",
                lifted_by="Say whether it was resilient, what surprised you, and what you share.",
            )
        )


def _enter(exercise: Exercise, to: Phase, actor: Actor) -> None:
    exercise.phase = move(Phase(exercise.phase), to).value
    if to is Phase.CLOSED and exercise.ended_at is None:
        exercise.ended_at = database_now()
    exercise.save(update_fields=["phase", "ended_at"])
    append_event(
        exercise=exercise,
        kind=f"exercise.{to.value}",
        text=f"Phase: {to.value}.",
        source=actor.name,
        author_id=actor.user_id,
    )
