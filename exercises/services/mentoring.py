"""Ask a mentor, answer, sign off a first run in production, override the ladder."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import IntegrityError, transaction

from exercises.domain.actors import Actor
from exercises.domain.errors import Conflict, Invalid, NotAllowed
from exercises.domain.failure_families import words_of
from exercises.domain.ladder import EVIDENCE_AGE, LONGEST_OVERRIDE, MENTOR, Level
from exercises.domain.notices import Topic
from exercises.models import (
    Application,
    Experiment,
    LadderOverride,
    MentorRequest,
    MentorSignOff,
    Template,
    User,
)
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.queries.approvals import excluded_from_deciding
from exercises.queries.ladder import family_of, ladder_of, level_of_experiment
from exercises.queries.mentors import mentor_team_of, mentors_for
from exercises.services.audit import record
from exercises.services.notify import tell
from exercises.services.revisions import lock_as_it_was_seen
from exercises.services.run_events import append_event

LONGEST_TEXT: Final = 500
SHORTEST_REASON: Final = 10


def ask_mentor(
    *, actor: Actor, application: Application, family: str, mentor: User, message: str = ""
) -> MentorRequest:
    """Ask a person of a team that is further on. Raises NotAllowed, Invalid, Conflict."""
    authorize(actor, "mentor.ask", application)
    _known_family(family)
    _short("message", message)
    offered = mentors_for(application, family, now=database_now())
    team = next((one.team for one in offered if mentor in one.people), None)
    if team is None:
        raise Invalid(
            "mentor", f"nobody of a team that is further on with {words_of(family)} by that name"
        )
    try:
        with transaction.atomic():
            request = MentorRequest.objects.create(
                application=application,
                failure_family=family,
                mentor=mentor,
                mentor_team=team,
                message=message.strip(),
                asked_by_id=actor.person_id,
                asked_at=database_now(),
            )
            tell(
                Topic.MENTOR_ASKED,
                key=f"mentor:{request.pk}:asked",
                text=". ".join(filter(None, (words_of(family).capitalize(), request.message))),
                mentor_request=request,
                by_id=actor.user_id,
                people=[mentor.pk],
            )
            record(actor, "mentor.ask", request, mentor=mentor.name, family=family)
    except IntegrityError:
        raise Conflict(f"{mentor.name} was asked already") from None
    return request


def answer_mentor_request(
    *, actor: Actor, request: MentorRequest, answer: str, reason: str = ""
) -> MentorRequest:
    """Accept, or decline with a reason. Raises NotAllowed, Invalid, Conflict."""
    authorize(actor, "mentor.answer", request)
    if answer not in {"accepted", "declined"}:
        raise Invalid("answer", "accepted or declined")
    if answer == "declined" and not reason.strip():
        raise Invalid("reason", "say why, so that the team knows whom to ask instead")
    _short("reason", reason)
    with transaction.atomic():
        locked = MentorRequest.objects.select_for_update(no_key=True).get(pk=request.pk)
        if locked.answer != "asked":
            raise Conflict(f"this was {locked.answer} already")
        locked.answer, locked.reason, locked.answered_at = answer, reason.strip(), database_now()
        locked.save(update_fields=["answer", "reason", "answered_at"])
        tell(
            Topic.MENTOR_ANSWERED,
            key=f"mentor:{locked.pk}:answered",
            text=". ".join(
                filter(None, (words_of(locked.failure_family).capitalize(), locked.reason))
            ),
            mentor_request=locked,
            by_id=actor.user_id,
        )
        record(actor, f"mentor.{answer}", locked, reason=locked.reason)
    return locked


def sign_off(
    *, actor: Actor, experiment: Experiment, digest_seen: str, note: str = ""
) -> MentorSignOff:
    """Agree, as a mentor, to the first run in production of this family of failures.

    Raises NotAllowed (own team, or not far enough on), Conflict (not proposed, changed since
    it was read, or nothing to sign), Invalid.
    """
    application, family = experiment.application, family_of(experiment)
    authorize(actor, "mentor.sign_off", application)
    _short("note", note)
    now = database_now()
    team = mentor_team_of(actor, application, family, now=now)
    if team is None:
        raise NotAllowed(
            f"Only people of a team that is further on with {words_of(family)} sign it off."
        )
    with transaction.atomic():
        locked = lock_as_it_was_seen(experiment, digest_seen)
        if actor.user_id in excluded_from_deciding(locked):
            raise NotAllowed("Nobody signs off what they wrote or proposed.")
        step = ladder_of(locked, now=now).step(level_of_experiment(locked))
        if MENTOR not in step.missing:
            raise Conflict("there is nothing to sign off here")
        signed = MentorSignOff.objects.create(
            application=application,
            failure_family=family,
            experiment=locked,
            digest=digest_seen,
            mentor_id=actor.person_id,
            mentor_team=team,
            note=note.strip(),
            signed_at=now,
            valid_until=now + EVIDENCE_AGE,
        )
        append_event(
            exercise=locked.exercise,
            kind="mentor.sign_off",
            text=f"{locked.title}: signed off by a mentor of {team.name}.",
            source=actor.name,
            author_id=actor.user_id,
        )
        tell(
            Topic.SIGNED_OFF,
            key=f"sign-off:{signed.pk}",
            text=signed.note or f"For the first run in production, by {team.name}.",
            experiment=locked,
            by_id=actor.user_id,
        )
        record(actor, "mentor.sign_off", signed, experiment=locked.code, digest=digest_seen)
    return signed


def override_ladder(
    *,
    actor: Actor,
    application: Application,
    family: str,
    level: int,
    reason: str,
    valid_until: datetime,
) -> LadderOverride:
    """Open a level, and those below it, for a while. Raises NotAllowed, Invalid."""
    authorize(actor, "ladder.override", application)
    _known_family(family)
    now = database_now()
    problems: list[tuple[str, str]] = []
    if level not in {Level.TRIED_ZONE, Level.PRODUCTION, Level.PRODUCTION_ZONE}:
        problems.append(("level", "3, 4 or 5"))
    if not SHORTEST_REASON <= len(reason.strip()) <= LONGEST_TEXT:
        problems.append(("reason", f"between {SHORTEST_REASON} and {LONGEST_TEXT} characters"))
    if not now < valid_until <= now + LONGEST_OVERRIDE:
        problems.append(("valid_until", f"after now, at most {LONGEST_OVERRIDE.days} days ahead"))
    if problems:
        raise Invalid.of(problems)
    with transaction.atomic():
        granted = LadderOverride.objects.create(
            application=application,
            failure_family=family,
            level=level,
            reason=reason.strip(),
            granted_by_id=actor.person_id,
            granted_at=now,
            valid_until=valid_until,
        )
        record(
            actor,
            "ladder.override",
            granted,
            application=application.slug,
            family=family,
            level=level,
            reason=granted.reason,
            valid_until=valid_until.isoformat(),
        )
    return granted


def _known_family(family: str) -> None:
    if not Template.objects.filter(failure_family=family).exists():
        raise Invalid("family", "a family of failures that the catalogue has")


def _short(field: str, text: str) -> None:
    if len(text.strip()) > LONGEST_TEXT:
        raise Invalid(field, f"at most {LONGEST_TEXT} characters")
