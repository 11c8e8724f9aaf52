"""The table of clauses that evidence may serve: guidance that each organisation edits.

The newest version that was written on its page counts; before there is one, the file that the
setting names, else the table that comes with chaosplane. Never legal advice.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from exercises.models import ClauseVersion

PARTS: Final = (
    "exercise.json",
    "experiments.json",
    "plans/",
    "decisions.json",
    "templates/",
    "runs.json",
    "engine/",
    "samples/",
    "timeline.json",
    "findings.json",
    "audit.json",
)
"""The parts of an evidence pack that a clause can name."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause and the parts of an evidence pack that may serve it."""

    source: str
    clause: str
    about: str
    served_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClauseTable:
    """`number` is that of the version written on the page, 0 for the file."""

    note: str
    clauses: Sequence[Clause]
    number: int = 0


def clause_table() -> ClauseTable:
    """The table in use."""
    newest = ClauseVersion.objects.first()
    if newest is None:
        return read_table(_file())
    return replace(read_table(newest.document), number=newest.number)


def clause_document() -> dict[str, Any]:
    """The table as the evidence pack holds it."""
    newest = ClauseVersion.objects.first()
    if newest is None:
        return _file()
    return {**newest.document, "version": newest.number}


def _file() -> dict[str, Any]:
    path = settings.CHAOSPLANE_CLAUSES or Path(__file__).parent.parent / "clauses.json"
    found: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    return found


def read_table(document: dict[str, Any]) -> ClauseTable:
    return ClauseTable(
        note=str(document["note"]),
        clauses=tuple(
            Clause(row["source"], row["clause"], row["about"], tuple(row["served_by"]))
            for row in document["clauses"]
        ),
    )
