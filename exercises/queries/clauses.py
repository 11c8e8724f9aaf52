"""The table of clauses that evidence may serve: guidance that each organisation edits.

The newest version that was written on its page counts; before there is one, the file that the
setting names, else the table that comes with chaosplane. Never legal advice.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause and the parts of an evidence pack that may serve it."""

    source: str
    clause: str
    about: str
    served_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClauseTable:
    note: str
    clauses: Sequence[Clause]


def clause_table() -> ClauseTable:
    """The table in use."""
    return read_table(clause_document())


def clause_document() -> dict[str, Any]:
    """The table as the evidence pack holds it."""
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
