"""What a calendar feed holds: what its person may see now, from a quarter back to a year ahead."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from exercises.domain.actors import Actor
from exercises.domain.times import Window
from exercises.models import CalendarFeed, Experiment
from exercises.queries.calendar import Entry, Show, calendar_entries
from exercises.queries.conflicts import span_of

BACK: Final = timedelta(days=92)
AHEAD: Final = timedelta(days=366)
_ALIVE: Final = ("draft", "proposed")


def feed_entries(actor: Actor, feed: CalendarFeed, *, now: datetime) -> list[Entry]:
    """The entries, those of one's own experiments in exercises included."""
    # Whole days, so that what is in it does not change with every second.
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    window = Window(today - BACK, today + AHEAD)
    teams: frozenset[int] | None = None
    if feed.what == "team":
        teams = frozenset({feed.team_id} if feed.team_id else ())
    elif feed.what == "person":
        teams = frozenset(actor.team_roles)
    found = calendar_entries(actor, window, now=now, show=Show(teams=teams))
    if teams is not None:
        found += _slots(actor, teams, window)
    return sorted(found, key=lambda entry: (entry.starts_at, entry.uid))


def _slots(actor: Actor, teams: frozenset[int], window: Window) -> list[Entry]:
    """The slots of these teams inside exercises."""
    rows = (
        Experiment.objects.visible_to(actor)
        .filter(
            application__team__in=teams,
            proposed_at__isnull=False,
            exercise__starts_at__lt=window.ends_at,
            exercise__ends_at__gt=window.starts_at,
        )
        .exclude(exercise__kind="self_service")
        .with_all()
        .distinct()
        .order_by("pk")
    )
    return [entry for row in rows if (entry := _slot(row)) is not None]


def _slot(experiment: Experiment) -> Entry | None:
    span = span_of(experiment)
    if span is None:
        return None
    exercise = experiment.exercise
    return Entry(
        uid=f"experiment-{experiment.pk}",
        kind="experiment",
        title=f"{experiment.title}, planned slot in {exercise.name}",
        starts_at=span.starts_at,
        ends_at=span.ends_at,
        timezone=exercise.timezone,
        detail=experiment.application.name,
        exercise_slug=exercise.slug,
        exercise_id=exercise.pk,
        experiment_id=experiment.pk,
        phase=exercise.phase,
        region=experiment.deployment.place.region,
        is_cancelled=experiment.status not in _ALIVE or exercise.phase == "cancelled",
        changed_at=experiment.updated_at,
    )
