"""Carry a finding to those who are built alike: ask, answer, try it there."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from django.db import transaction

from exercises.domain.actors import Actor
from exercises.domain.errors import Conflict, Invalid, Refusal, Refused
from exercises.domain.finding_states import FindingState
from exercises.domain.notices import Topic
from exercises.models import Application, Experiment, Finding, FindingQuestion
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.queries.notice_recipients import answering_for
from exercises.queries.propagation import ASKED_FROM, LookAlike, look_alikes_of
from exercises.services.audit import record
from exercises.services.notify import tell

MAX_BECAUSE: Final = 2000
LEAST_BECAUSE: Final = 10
MOST_AT_ONCE: Final = 100


def ask_look_alikes(
    *, actor: Actor, finding: Finding, applications: Collection[Application] | None = None
) -> list[FindingQuestion]:
    """Ask "could this hit you?" of these look-alikes, or of all. Their teams are told.

    Raises NotAllowed, Refused (nobody is built alike, or the finding is not accepted yet),
    Invalid for an application that shares no tag or was asked before.
    """
    authorize(actor, "finding.work", finding)
    with transaction.atomic():
        locked = (
            Finding.objects.select_for_update(of=("self",), no_key=True)
            .select_related("application", "exercise")
            .get(pk=finding.pk)
        )
        if FindingState(locked.state) not in ASKED_FROM:
            raise Refused(
                Refusal(
                    rule="finding.not_shared",
                    because=f"{locked.code} is {FindingState(locked.state).label.lower()}.",
                    lifted_by="Accept it first: accepted findings are shared knowledge.",
                )
            )
        chosen = _chosen(locked, applications)
        return [_ask(actor, locked, alike) for alike in chosen]


def _chosen(finding: Finding, applications: Collection[Application] | None) -> list[LookAlike]:
    alike = {one.application.pk: one for one in look_alikes_of(finding)}
    if applications is None:
        if not alike:
            raise Refused(
                Refusal(
                    rule="finding.no_look_alike",
                    because="No other application shares an architecture tag.",
                    lifted_by="Add architecture tags to the applications.",
                )
            )
        return list(alike.values())[:MOST_AT_ONCE]
    if not 1 <= len(applications) <= MOST_AT_ONCE:
        raise Invalid("applications", f"choose 1 to {MOST_AT_ONCE}")
    strange = [one.slug for one in applications if one.pk not in alike]
    if strange:
        raise Invalid.of(
            [
                ("applications", f"{slug} shares no tag, or was asked before")
                for slug in sorted(strange)
            ]
        )
    return [alike[one.pk] for one in applications]


def _ask(actor: Actor, finding: Finding, alike: LookAlike) -> FindingQuestion:
    question = FindingQuestion.objects.create(
        finding=finding,
        application=alike.application,
        shared_tags=list(alike.tags),
        asked_by_id=actor.person_id,
        asked_at=database_now(),
    )
    tell(
        Topic.FINDING_ASKED,
        key=f"finding:{finding.pk}:asked:{alike.application.pk}",
        text=f"{alike.application.name} shares {', '.join(alike.tags)}. {finding.title}",
        finding=finding,
        by_id=actor.user_id,
        people=answering_for(alike.application),
    )
    record(actor, "finding.ask", finding, application=alike.application.slug)
    return question


def answer_question(
    *, actor: Actor, question: FindingQuestion, answer: str, because: str = ""
) -> FindingQuestion:
    """Say whether it could hit one's own application; may be answered anew.

    Raises NotAllowed, Invalid (answer; because, which a no must give).
    """
    authorize(actor, "finding.answer", question)
    because = because.strip()
    problems = []
    if answer not in dict(FindingQuestion.ANSWERS):
        problems.append(("answer", "yes, no or unknown"))
    if answer == "no" and len(because) < LEAST_BECAUSE:
        problems.append(("because", f"say why not, in {LEAST_BECAUSE} characters or more"))
    if len(because) > MAX_BECAUSE:
        problems.append(("because", f"at most {MAX_BECAUSE:,} characters"))
    if problems:
        raise Invalid.of(problems)
    with transaction.atomic():
        locked = (
            FindingQuestion.objects.select_for_update(of=("self",), no_key=True)
            .select_related("finding", "application")
            .get(pk=question.pk)
        )
        before = locked.answer
        locked.answer, locked.because = answer, because
        locked.answered_by_id, locked.answered_at = actor.person_id, database_now()
        locked.save(update_fields=["answer", "because", "answered_by", "answered_at"])
        record(
            actor,
            "finding.answer",
            locked.finding,
            application=locked.application.slug,
            before=before,
            answer=answer,
            because=because,
        )
    return locked


def try_it_there(*, actor: Actor, question: FindingQuestion, experiment: Experiment) -> None:
    """Note the draft by which a team wants to find out. Raises NotAllowed, Invalid, Conflict."""
    authorize(actor, "experiment.propose", question.application)
    if experiment.application_id != question.application_id:
        raise Invalid("deployment", f"choose a deployment of {question.application.name}")
    with transaction.atomic():
        locked = FindingQuestion.objects.select_for_update(no_key=True).get(pk=question.pk)
        if locked.experiment_id is not None:
            raise Conflict("an experiment is proposed for this question already")
        locked.experiment = experiment
        locked.save(update_fields=["experiment"])
        record(actor, "finding.try", experiment, finding=question.finding.code)
