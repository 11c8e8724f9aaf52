"""What a program waits for in runs: another state, a verdict, the end. For api.waiting."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from exercises.models import Run
from exercises.models.runs import TERMINAL_VALUES


@dataclass(frozen=True, slots=True)
class RunMark:
    state: str
    verdict: str
    is_over: bool


def marks_of(runs: Collection[UUID]) -> dict[UUID, RunMark]:
    """One query for all of them. A run that ended is over once it is judged, or when there is
    nothing to judge."""
    rows = Run.objects.filter(pk__in=runs).values_list(
        "pk", "state", "verdict", "started_at", "experiment_ref", "is_imported"
    )
    return {
        pk: RunMark(
            state,
            verdict,
            bool(verdict)
            or is_imported
            or (state in TERMINAL_VALUES and not (started_at and experiment_ref)),
        )
        for pk, state, verdict, started_at, experiment_ref, is_imported in rows
    }
