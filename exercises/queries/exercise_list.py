"""The list of exercises, narrowed by phase and words. Used by web.exercises and the home page."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from exercises.domain.actors import Actor
from exercises.domain.exercise_phases import BEFORE_LIVE, Phase
from exercises.models import Exercise, Experiment, Participation

GROUPS: Final[dict[str, Collection[Phase]]] = {
    "ahead": BEFORE_LIVE,
    "live": (Phase.LIVE,),
    "debrief": (Phase.DEBRIEF,),
    "past": (Phase.CLOSED, Phase.CANCELLED),
}
"""What people ask for, as phases."""


def exercise_list(actor: Actor, *, group: str = "", words: str = "") -> QuerySet[Exercise]:
    """What this actor sees, newest window first, with `team_count` and `experiment_count`."""
    found = Exercise.objects.visible_to(actor).select_related("lead")
    if group in GROUPS:
        found = found.filter(phase__in=GROUPS[group])
    for word in words.split()[:8]:
        found = found.filter(
            Q(name__icontains=word) | Q(slug__icontains=word) | Q(region__icontains=word)
        )
    return found.annotate(
        team_count=_count(
            Participation.objects.filter(exercise=OuterRef("pk"), answer="accepted"),
            "application__team",
        ),
        experiment_count=_count(
            Experiment.objects.filter(exercise=OuterRef("pk"), status="proposed"), "pk"
        ),
    ).order_by("-starts_at", "-pk")


def group_counts(actor: Actor) -> dict[str, int]:
    """How many exercises lie in each group."""
    return Exercise.objects.filter(pk__in=Exercise.objects.visible_to(actor)).aggregate(
        **{
            group: Count("pk", filter=Q(phase__in=[phase.value for phase in phases]))
            for group, phases in GROUPS.items()
        }
    )


def _count(rows: QuerySet, field: str) -> Coalesce:  # type: ignore[type-arg]
    counted = rows.order_by().values("exercise").annotate(n=Count(field, distinct=True))
    return Coalesce(Subquery(counted.values("n"), output_field=IntegerField()), 0)
