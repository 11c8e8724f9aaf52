"""Who is built alike, who was asked "could this hit you?", and what they said.

Used by the pages of a finding and of a team, and by the API.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Q, QuerySet

from exercises.domain.actors import Actor
from exercises.domain.architecture_tags import shared_tags
from exercises.domain.failure_families import applies_to
from exercises.domain.finding_states import FindingState
from exercises.models import Application, Experiment, Finding, FindingQuestion, Team
from exercises.permissions import may

ASKED_FROM: Final = frozenset(
    {
        FindingState.ACCEPTED,
        FindingState.FIX_AGREED,
        FindingState.FIX_LIVE,
        FindingState.RETEST,
        FindingState.VERIFIED,
    }
)
"""Shared knowledge from the day its team accepted it."""


_STATE_OF: Final = {
    "": "asked",
    "yes": "could_hit",
    "no": "cannot_hit",
    "unknown": "not_known",
}


@dataclass(frozen=True, slots=True)
class LookAlike:
    """An application that was not asked yet, and what it has in common."""

    application: Application
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """One question with what this actor may do about it; drafts of others stay theirs."""

    question: FindingQuestion
    experiment: Experiment | None
    may_answer: bool
    may_propose: bool

    @property
    def state(self) -> str:
        """How far it got (web.looks)."""
        if self.question.experiment_id is not None:
            return "tried"
        return _STATE_OF[self.question.answer]


@dataclass(frozen=True, slots=True)
class Propagation:
    rows: Sequence[QuestionRow]
    look_alikes: Sequence[LookAlike]

    @property
    def answered(self) -> int:
        return sum(bool(row.question.answer) for row in self.rows)

    @property
    def proposed(self) -> int:
        return sum(row.question.experiment_id is not None for row in self.rows)


def look_alikes_of(finding: Finding) -> list[LookAlike]:
    """Applications that share an architecture tag, can suffer the same failure, and were not
    asked yet; those with the most in common first."""
    tags = finding.application.architecture_tags
    if not tags:
        return []
    alike = Q()
    for tag in tags:
        alike |= Q(architecture_tags__contains=[tag])
    rows = (
        Application.objects.filter(alike)
        .exclude(pk=finding.application_id)
        .exclude(finding_questions__finding=finding)
        .select_related("team")
    )
    found = [
        LookAlike(row, tuple(shared_tags(tags, row.architecture_tags)))
        for row in rows
        if applies_to(finding.failure_family, row.architecture_tags)
    ]
    return sorted(found, key=lambda one: (-len(one.tags), one.application.name))


def questions_for(actor: Actor) -> QuerySet[FindingQuestion]:
    """Every question about a finding that this actor may see."""
    return FindingQuestion.objects.filter(
        finding__in=Finding.objects.visible_to(actor).values("pk")
    ).select_related(
        "finding__application__team",
        "finding__exercise",
        "application__team",
        "asked_by",
        "answered_by",
    )


def propagation_of(actor: Actor, finding: Finding) -> Propagation:
    """Asked, answered and proposed; and whom one could still ask."""
    rows = rows_of(actor, questions_for(actor).filter(finding=finding))
    asks = FindingState(finding.state) in ASKED_FROM
    return Propagation(rows, look_alikes_of(finding) if asks else ())


def asked_of(actor: Actor, team: Team) -> list[QuestionRow]:
    """What a team was asked; what waits for its answer first."""
    found = questions_for(actor).filter(application__team=team).order_by("-asked_at", "-pk")
    return sorted(rows_of(actor, found), key=lambda row: bool(row.question.answer))


def rows_of(actor: Actor, questions: QuerySet[FindingQuestion]) -> list[QuestionRow]:
    asked = list(questions)
    ids = [row.experiment_id for row in asked if row.experiment_id is not None]
    seen = Experiment.objects.visible_to(actor).in_bulk(ids) if ids else {}
    return [
        QuestionRow(
            question=row,
            experiment=seen.get(row.experiment_id or 0),
            may_answer=may(actor, "finding.answer", row),
            may_propose=row.experiment_id is None
            and may(actor, "experiment.propose", row.application),
        )
        for row in asked
    ]


def open_question(actor: Actor, pk: int) -> FindingQuestion | None:
    """A question that this actor may answer by proposing the experiment there."""
    found = (
        questions_for(actor)
        .select_related("finding__run__experiment__template_version__template")
        .filter(pk=pk, experiment__isnull=True)
        .first()
    )
    return found if found and may(actor, "experiment.propose", found.application) else None
