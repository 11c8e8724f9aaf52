"""Who uses a template: the applications that proposed from it, and when it last held there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q

from exercises.domain.actors import Actor
from exercises.models import Experiment, Template


@dataclass(frozen=True, slots=True)
class Use:
    """One application; times are None while it has not run, or not held, there."""

    application: str
    slug: str
    team: str
    team_slug: str
    newest_version: int
    runs: int
    last_run_at: datetime | None
    last_held_at: datetime | None


def uses_of(actor: Actor, template: Template) -> list[Use]:
    """Of what the actor may see, by application; one query."""
    real = Q(runs__is_rehearsal=False, runs__started_at__isnull=False)
    rows = (
        Experiment.objects.visible_to(actor)
        .filter(template_version__template=template)
        .order_by("application__name")
        .values_list(
            "application__name",
            "application__slug",
            "application__team__name",
            "application__team__slug",
        )
        .annotate(
            newest=Max("template_version__number"),
            count=Count("runs", filter=real, distinct=True),
            last_run_at=Max("runs__started_at", filter=real),
            last_held_at=Max("runs__ended_at", filter=real & Q(runs__verdict="held")),
        )
    )
    return [Use(*row) for row in rows]
