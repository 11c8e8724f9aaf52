"""What runs right now, for the strip on every page and for the list of what can be stopped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.urls import reverse

from exercises.domain.actors import Actor
from exercises.domain.exercise_phases import Phase
from exercises.domain.run_states import RunState
from exercises.models import Exercise, Incident, Run
from exercises.queries.steady_now import steady_now

UNDER_WAY = tuple(
    state.value
    for state in (
        RunState.STARTING,
        RunState.START_UNKNOWN,
        RunState.RUNNING,
        RunState.STOPPING,
    )
)
"""The engine may be doing something: started, or asked to."""


@dataclass(frozen=True, slots=True)
class LiveStrip:
    """One live exercise in a line."""

    slug: str
    name: str
    url: str
    stop_url: str
    running: int
    outside: int
    elapsed_label: str
    is_stopping: bool
    incidents: int = 0
    """How many are open, anywhere."""


def live_strip(actor: Actor, now: datetime) -> LiveStrip | None:
    """The live exercise of this person: the one with most running, if several are."""
    found = live_exercises(actor, now)
    return max(found, key=lambda strip: strip.running, default=None)


def live_exercises(actor: Actor, now: datetime) -> Sequence[LiveStrip]:
    """Every exercise that is live or has something under way, in the order it went live."""
    under_way = Run.objects.filter(state__in=UNDER_WAY, is_rehearsal=False)
    exercises = list(
        Exercise.objects.visible_to(actor)
        .filter(Q(phase=Phase.LIVE.value) | Q(pk__in=under_way.values("experiment__exercise")))
        .order_by("went_live_at", "pk")
    )
    if not exercises:
        return ()
    runs = list(
        under_way.filter(experiment__exercise__in=exercises).select_related(
            "revision", "experiment"
        )
    )
    steady = steady_now(runs, now=now)
    incidents = Incident.objects.filter(resolved_at__isnull=True).count()
    by_exercise: dict[int, list[Run]] = {exercise.pk: [] for exercise in exercises}
    for run in runs:
        by_exercise[run.experiment.exercise_id].append(run)
    return tuple(
        _strip(
            exercise,
            by_exercise[exercise.pk],
            outside=sum(steady[run.pk].is_outside for run in by_exercise[exercise.pk]),
            now=now,
            incidents=incidents,
        )
        for exercise in exercises
    )


def _strip(
    exercise: Exercise, runs: list[Run], *, outside: int, now: datetime, incidents: int
) -> LiveStrip:
    return LiveStrip(
        slug=exercise.slug,
        name=exercise.name,
        url=reverse("live_room", args=[exercise.slug]),
        stop_url=reverse("stop_exercise", args=[exercise.slug]),
        running=len(runs),
        outside=outside,
        elapsed_label=elapsed_label(_since(exercise, runs), now),
        is_stopping=exercise.stopped_at is not None,
        incidents=incidents,
    )


def _since(exercise: Exercise, runs: list[Run]) -> datetime:
    started = [run.started_at or run.scheduled_at for run in runs]
    return exercise.went_live_at or min(started, default=exercise.starts_at)


def elapsed_label(since: datetime, now: datetime) -> str:
    """00:14:32 of wall time; never negative."""
    seconds = max(0, int((now - since).total_seconds()))
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}"
