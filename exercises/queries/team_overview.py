"""A team's overview: its ladder, its services over the last exercises, what to try next.

Each function takes a constant number of queries, however much the team runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Prefetch, Q, QuerySet

from exercises.domain.actors import Actor
from exercises.domain.failure_families import related, words_of
from exercises.domain.finding_states import STANDING
from exercises.domain.ladder import Level
from exercises.domain.lifecycle import Lifecycle
from exercises.models import (
    Application,
    Exercise,
    Experiment,
    Finding,
    GameDay,
    Improvement,
    Run,
    Team,
)
from exercises.queries.ladder import (
    FamilyLadder,
    NextStep,
    TeamLevel,
    evidences,
    next_steps,
    team_levels,
)
from exercises.queries.lifecycle import lifecycles_of, recoveries_of

EXERCISES = 4
SHOWN = 8
SUGGESTED = 3
LAPSING = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """One application: its last run in each of the last exercises, and what was never tried."""

    application: Application
    runs: tuple[Run | None, ...]
    untested: tuple[str, ...]
    recovery_s: float | None
    lifecycle: Lifecycle
    ladders: tuple[FamilyLadder, ...]

    @property
    def is_critical(self) -> bool:
        return self.application.tier == 1

    @property
    def level(self) -> Level:
        return max((one.ladder.level for one in self.ladders), default=Level.LEARN)


@dataclass(frozen=True, slots=True)
class Overview:
    levels: tuple[TeamLevel, ...]
    level: Level
    is_mentor: bool
    exercises: tuple[Exercise, ...]
    services: tuple[ServiceLine, ...]
    suggested: tuple[NextStep, ...]
    lapsing: tuple[tuple[FamilyLadder, datetime], ...]
    """Ladders of which the present level soon lacks evidence, and from when on."""

    @property
    def critical(self) -> int:
        return sum(line.is_critical for line in self.services)


def overview_of(actor: Actor, team: Team, *, now: datetime) -> Overview:
    """Everything on top of a team's page, worked out at this moment."""
    applications = list(team.applications.select_related("team").order_by("tier", "name", "pk"))
    ids = [application.pk for application in applications]
    known = evidences(ids, now=now)
    ladders = {application.pk: known.of(application) for application in applications}
    every = [one for found in ladders.values() for one in found]
    lifecycles = lifecycles_of(applications, now=now, known=known)
    recoveries = recoveries_of(ids)
    exercises = _last_exercises(actor, now)
    runs = _runs(actor, ids, exercises)
    levels = team_levels(every, known)
    return Overview(
        levels=tuple(levels),
        level=max((one.ladder.level for one in every), default=Level.LEARN),
        is_mentor=any(one.ladder.earned.is_production for one in every),
        exercises=tuple(exercises),
        services=tuple(
            ServiceLine(
                application=application,
                runs=tuple(runs.get((application.pk, e.pk)) for e in exercises),
                untested=tuple(
                    words_of(family)
                    for family, at in known.last_tried(application).items()
                    if at is None
                ),
                recovery_s=recoveries.get(application.pk),
                lifecycle=lifecycles[application.pk],
                ladders=tuple(ladders[application.pk]),
            )
            for application in applications
        ),
        suggested=tuple(next_steps(every, at_most=SUGGESTED)),
        lapsing=tuple(_lapsing(every, now)),
    )


def _lapsing(ladders: Sequence[FamilyLadder], now: datetime) -> list[tuple[FamilyLadder, datetime]]:
    found = []
    for one in ladders:
        lapses_at = one.ladder.step(one.ladder.level).lapses_at
        if lapses_at is not None and now < lapses_at < now + LAPSING:
            found.append((one, lapses_at))
    return sorted(found, key=lambda pair: pair[1])


def _last_exercises(actor: Actor, now: datetime) -> list[Exercise]:
    """The last ones that took place, the oldest first."""
    found = (
        Exercise.objects.visible_to(actor)
        .exclude(kind="self_service")
        .filter(went_live_at__isnull=False, starts_at__lte=now)
        .order_by("-starts_at", "-pk")[:EXERCISES]
    )
    return list(found)[::-1]


def _runs(
    actor: Actor, ids: Sequence[int], exercises: Sequence[Exercise]
) -> dict[tuple[int, int], Run]:
    rows = (
        Run.objects.filter(
            experiment__in=Experiment.objects.visible_to(actor).values("pk"),
            experiment__application__in=ids,
            experiment__exercise__in=exercises,
            is_rehearsal=False,
            started_at__isnull=False,
        )
        .select_related("experiment")
        .order_by("started_at")
    )
    return {(run.experiment.application_id, run.experiment.exercise_id): run for run in rows}


def history_of(
    actor: Actor,
    team: Team,
    *,
    where: str = "",
    verdict: str = "",
    application: str = "",
    text: str = "",
) -> QuerySet[Run]:
    """A team's real runs, newest first, narrowed. Unknown filters find nothing."""
    found = (
        Run.objects.filter(
            experiment__in=Experiment.objects.visible_to(actor).values("pk"),
            experiment__application__team=team,
            is_rehearsal=False,
            started_at__isnull=False,
        )
        .select_related(
            "experiment__exercise",
            "experiment__application",
            "experiment__retest_of",
            "experiment__deployment__place__account",
        )
        .prefetch_related(Prefetch("findings", Finding.objects.visible_to(actor)))
        .order_by("-started_at", "-id")
    )
    if where:
        found = found.filter(experiment__deployment__place__account__environment=where)
    if verdict:
        found = found.filter(verdict=verdict)
    if application:
        found = found.filter(experiment__application__slug=application)
    for word in text.split()[:8]:
        found = found.filter(
            Q(experiment__title__icontains=word) | Q(experiment__application__name__icontains=word)
        )
    return found


def ladder_runs(actor: Actor, application: Application, family: str) -> QuerySet[Run]:
    """The runs that speak for one application's ladder, newest first."""
    found = history_of(actor, application.team, application=application.slug)
    return found.exclude(verdict="").filter(
        experiment__template_version__template__failure_family__in=related(family)
    )


def open_findings(actor: Actor, team: Team) -> QuerySet[Finding]:
    """What the team has learned and not yet proven fixed, the gravest first."""
    return (
        Finding.objects.visible_to(actor)
        .filter(application__team=team, state__in=STANDING)
        .select_related("application")
        .order_by("-severity", "due_on", "-pk")
    )


def accepted_ideas(actor: Actor, team: Team) -> list[Improvement]:
    """What juries accepted of the team's ideas on game days that the actor may see."""
    found = Improvement.objects.filter(
        team=team, judgement__is_accepted=True, game_day__in=GameDay.objects.visible_to(actor)
    )
    return list(found.select_related("game_day__exercise"))
