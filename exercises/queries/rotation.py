"""Who should take part in an exercise next: by coverage debt, in a constant number of queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from exercises.domain.rotation import Debt, debt_of
from exercises.models import Application, Exercise
from exercises.queries.ladder import evidences

AT_MOST = 5


@dataclass(frozen=True, slots=True)
class Suggested:
    """An application that is not invited yet, with its debt."""

    application: Application
    debt: Debt


def suggested_participants(
    exercise: Exercise, *, now: datetime, at_most: int = AT_MOST
) -> list[Suggested]:
    """The highest debts among the applications deployed where the exercise is, or nowhere
    yet: an invitation is the reason to say where."""
    here = Q(deployments__place__region=exercise.region) | Q(deployments__isnull=True)
    applications = list(
        Application.objects.filter(here)
        .exclude(participations__exercise=exercise)
        .select_related("team")
        .distinct()
    )
    known = evidences([a.pk for a in applications], now=now)
    found = [
        Suggested(application, debt_of(application.tier, known.last_tried(application), now=now))
        for application in applications
    ]
    found.sort(key=lambda one: (-one.debt.score, one.application.tier, one.application.name))
    return [one for one in found if one.debt.score][:at_most]
