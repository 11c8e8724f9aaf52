"""Write the table of clauses that evidence may serve: guidance, by who proposes policies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.db import transaction
from django.db.models import Max

from exercises.domain.actors import Actor
from exercises.domain.errors import Conflict, Invalid
from exercises.models import ClauseVersion
from exercises.permissions import authorize
from exercises.queries.clauses import PARTS, Clause
from exercises.services.audit import record

MOST: Final = 60
LONGEST: Final = {"source": 120, "clause": 60, "about": 300, "note": 500}


def write_clauses(
    *, actor: Actor, note: str, clauses: Sequence[Clause], based_on: int
) -> ClauseVersion:
    """Add a version; packs and reports have it from now on. Raises Invalid that names each
    row, Conflict when somebody wrote another one meanwhile, NotAllowed."""
    authorize(actor, "policy.propose")
    _check(note, clauses)
    with transaction.atomic():
        rows = ClauseVersion.objects.select_for_update(no_key=True)
        list(rows.values_list("pk", flat=True))
        newest = ClauseVersion.objects.aggregate(n=Max("number"))["n"] or 0
        if newest != based_on:
            raise Conflict("somebody changed the clauses; read theirs first")
        row = ClauseVersion.objects.create(
            number=newest + 1,
            document={
                "note": note.strip(),
                "clauses": [
                    {
                        "source": one.source.strip(),
                        "clause": one.clause.strip(),
                        "about": one.about.strip(),
                        "served_by": list(one.served_by),
                    }
                    for one in clauses
                ],
            },
            author_id=actor.person_id,
        )
        record(actor, "clauses.write", row, number=row.number, clauses=len(clauses))
    return row


def _check(note: str, clauses: Sequence[Clause]) -> None:
    problems = []
    if not 1 <= len(note.strip()) <= LONGEST["note"]:
        problems.append(("note", f"1 to {LONGEST['note']} characters: say that it is guidance"))
    if not 1 <= len(clauses) <= MOST:
        problems.append(("clauses", f"1 to {MOST} rows"))
    for number, one in enumerate(clauses):
        problems += [
            (f"clauses.{number}.{name}", f"1 to {LONGEST[name]} characters")
            for name in ("source", "clause", "about")
            if not 1 <= len(getattr(one, name).strip()) <= LONGEST[name]
        ]
        unknown = sorted(set(one.served_by) - set(PARTS))
        if unknown or not one.served_by:
            problems.append((f"clauses.{number}.served_by", f"parts of a pack: {', '.join(PARTS)}"))
    if problems:
        raise Invalid.of(problems)
