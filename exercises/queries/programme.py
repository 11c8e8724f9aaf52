"""The programme in numbers, counted from rows. Used by the home page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from exercises.domain.actors import Actor
from exercises.domain.finding_states import FindingState
from exercises.domain.verdicts import RunVerdict
from exercises.models import FindingNote, Run

SPAN: Final = timedelta(days=90)
PARTS: Final = 6
"""The span is cut into so many equal parts for the shape beside a number."""


@dataclass(frozen=True)
class Count:
    """How many, and how they spread over the parts of the span, oldest first."""

    total: int
    parts: tuple[int, ...]


@dataclass(frozen=True)
class Programme:
    """The last 90 days of what this person sees. Rehearsals do not count."""

    runs: Count
    applications: int
    held: int
    judged: int
    held_parts: tuple[float, ...]
    verified: Count

    @property
    def held_percent(self) -> int | None:
        """Inconclusive runs said nothing, so they are not counted against."""
        return round(100 * self.held / self.judged) if self.judged else None

    @property
    def is_empty(self) -> bool:
        return not self.runs.total and not self.verified.total


def programme_of(actor: Actor, *, now: datetime) -> Programme:
    """Two queries, whatever the number of runs shown."""
    since = now - SPAN
    rows = (
        Run.objects.visible_to(actor)
        .filter(is_rehearsal=False, started_at__gte=since, started_at__lte=now)
        .values_list("started_at", "verdict", "experiment__application")
    )
    runs = [(at, verdict, application) for at, verdict, application in rows if at is not None]
    verified = list(
        FindingNote.objects.filter(
            to_state=FindingState.VERIFIED.value, at__gte=since, at__lte=now
        ).values_list("at", flat=True)
    )
    held = [at for at, verdict, _ in runs if verdict == RunVerdict.HELD.value]
    not_held = [at for at, verdict, _ in runs if verdict == RunVerdict.NOT_HELD.value]
    held_in, not_held_in = _spread(held, since), _spread(not_held, since)
    return Programme(
        runs=Count(len(runs), _spread([at for at, _, _ in runs], since)),
        applications=len({application for _, _, application in runs}),
        held=len(held),
        judged=len(held) + len(not_held),
        held_parts=tuple(
            100 * yes / (yes + no) for yes, no in zip(held_in, not_held_in, strict=True) if yes + no
        ),
        verified=Count(len(verified), _spread(verified, since)),
    )


def _spread(moments: list[datetime], since: datetime) -> tuple[int, ...]:
    counts = [0] * PARTS
    for moment in moments:
        counts[min(PARTS - 1, int((moment - since) / SPAN * PARTS))] += 1
    return tuple(counts)
