"""What the propose page offers: where one may propose, in which exercises, from which version."""

from __future__ import annotations

import re
from datetime import datetime

from django.conf import settings
from django.db.models import QuerySet

from exercises.domain.actors import Actor
from exercises.domain.exercise_phases import OVER, Phase
from exercises.models import Deployment, Exercise, Experiment, Finding, TemplateVersion

OPEN_PHASES = frozenset(Phase) - OVER
_FINDING_CODE = re.compile(r"F-(\d{1,18})", re.IGNORECASE)


def deployments_for(actor: Actor) -> QuerySet[Deployment]:
    """The deployments of the actor's own teams: the only ones they may propose for."""
    return (
        Deployment.objects.filter(application__team__in=list(actor.team_roles))
        .select_related("application__team", "place__account")
        .order_by("application__name", "place__account__name", "place__region")
    )


def open_exercises(actor: Actor, *, now: datetime) -> QuerySet[Exercise]:
    """The exercises that still take proposals, the next one first."""
    return (
        Exercise.objects.visible_to(actor)
        .exclude(kind="self_service")
        .filter(phase__in=OPEN_PHASES, ends_at__gt=now, stopped_at__isnull=True)
        .order_by("starts_at")
    )


def newest_version(template_slug: str) -> TemplateVersion | None:
    """The current version of a template that is still offered."""
    return (
        TemplateVersion.objects.filter(
            template__slug=template_slug, template__retired_at__isnull=True
        )
        .select_related("template")
        .order_by("-number")
        .first()
    )


def newest_of_family(family: str) -> TemplateVersion | None:
    """The smallest reach of a failure that the catalogue offers, in its current version."""
    return (
        TemplateVersion.objects.filter(
            template__failure_family=family, template__retired_at__isnull=True
        )
        .select_related("template")
        .order_by("rung", "-number")
        .first()
    )


def finding_by_code(actor: Actor, code: str) -> Finding | None:
    """F-12, when this actor sees it."""
    match = _FINDING_CODE.fullmatch(code.strip())
    if match is None:
        return None
    return (
        Finding.objects.visible_to(actor)
        .filter(pk=int(match[1]))
        .select_related("run__experiment__template_version__template", "application")
        .first()
    )


def editable_experiment(actor: Actor, pk: int) -> Experiment | None:
    """An experiment that this actor sees, with all that the page reads."""
    return (
        Experiment.objects.visible_to(actor)
        .filter(pk=pk)
        .select_related(
            "exercise",
            "application__team",
            "revision",
            "template_version__template",
            "deployment__application__team",
            "deployment__place__account",
            "author",
            "proposed_by",
        )
        .first()
    )


def slot_offset(exercise: Exercise, at: datetime) -> int:
    """A planned clock time as planned seconds from Go; negative before the window."""
    return round((at - exercise.starts_at).total_seconds() * settings.CHAOSPLANE_TIME_SPEED)
