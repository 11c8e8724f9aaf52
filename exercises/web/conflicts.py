"""The conflict page of an exercise: what is in each other's way, and what would lift it."""

from __future__ import annotations

from typing import Final

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET

from exercises.domain.conflicts import Level
from exercises.models.due_work import database_now
from exercises.queries.conflicts import ExerciseConflicts, exercise_conflicts
from exercises.queries.exercise_plan import experiment_rows
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.exercise_head import find_exercise, head

MOST_IN_MATRIX: Final = 12
"""More columns than this are read as a list only."""
_WORDS: Final = {
    Level.BLOCK: ("fail", "Will not start"),
    Level.WARN: ("warn", "In the way"),
    Level.NOTE: ("pending", "Good to know"),
}


@require_GET
@signed_in
def exercise_conflict_page(request: SignedInRequest, slug: str) -> HttpResponse:
    """The list, and for few experiments the matrix."""
    exercise = find_exercise(request.actor, slug)
    rows = experiment_rows(request.actor, exercise, now=database_now())
    found = exercise_conflicts(request.actor, exercise)
    own = {slot.id for slot in found.slots}
    context = head(request.actor, exercise, rows) | {
        "clashes": [(clash, *_WORDS[clash.level], own) for clash in found.clashes],
        "serious": sum(clash.level is not Level.NOTE for clash in found.clashes),
        "slots": found.slots,
        "left_out": found.left_out,
        "matrix": _matrix(found) if 2 <= len(found.slots) <= MOST_IN_MATRIX else [],
    }
    return render(request, "exercises/conflicts.html", context)


Row = tuple[object, list[tuple[str, str]]]


def _matrix(found: ExerciseConflicts) -> list[Row]:
    """A row a slot; each cell the state and the words of the most serious conflict."""
    rows: list[Row] = []
    for a in found.slots:
        cells = []
        for b in found.slots:
            clash = None if a.id == b.id else found.between(a, b)
            if a.id == b.id:
                cells.append(("self", ""))
            elif clash is None:
                cells.append(("ok", "free"))
            else:
                cells.append((_WORDS[clash.level][0], clash.because))
        rows.append((a, cells))
    return rows


urlpatterns = [
    path("exercises/<slug:slug>/conflicts/", exercise_conflict_page, name="exercise_conflicts"),
]
