"""The event log, and the one function that writes Run.state."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from exercises import hints
from exercises.domain.engine_documents import kind_of
from exercises.domain.errors import Conflict
from exercises.domain.run_states import TERMINAL, RunState, move
from exercises.models import Exercise, Run, RunEvent
from exercises.models.due_work import database_now
from exercises.services.notify import tell_of_event
from exercises.services.webhook_events import emit_line


def append_event(
    *,
    exercise: Exercise,
    kind: str,
    text: str,
    run: Run | None = None,
    source: str = "chaosplane",
    author_id: int | None = None,
    at: datetime | None = None,
    **details: object,
) -> RunEvent:
    """Write one line of the log, tell the pages and whom it concerns.

    `at` defaults to the database's now.
    """
    event = RunEvent.objects.create(
        exercise=exercise,
        run=run,
        kind=kind,
        text=text[:1000],
        source=source[:120],
        author_id=author_id,
        at=at or database_now(),
        details=details,
    )
    hints.tell_pages(exercise.pk)
    tell_of_event(event)
    emit_line(event)
    return event


def engine_source(run: Run) -> str:
    """Who said it, for a line of the log: the engine, and of which experiment."""
    words = kind_of(run.revision.plan["engine"]).words.removeprefix("AWS ")
    return f"{words}, {run.experiment.code}"


def lock_run(run_id: UUID | str, *, fence: int | None = None) -> Run:
    """The run, locked until the transaction ends.

    No key lock, here and wherever rows are locked: a line of the log refers to its run and
    exercise, so whoever writes one would wait for who locked them, and who locked them
    perhaps for the writer (PostgreSQL manual, "Row-Level Locks").
    Raises Conflict when another worker holds a newer claim than `fence`.
    """
    run = (
        Run.objects.select_for_update(of=("self",), no_key=True)
        .select_related(
            "revision",
            "experiment__exercise",
            "experiment__application",
            "experiment__template_version__template",
            "experiment__deployment__place__account",
        )
        .get(pk=run_id)
    )
    if fence is not None and run.fence != fence:
        raise Conflict("another worker has taken over this run")
    return run


def move_run(
    run: Run,
    to: RunState,
    *,
    text: str,
    reason: str = "",
    source: str = "chaosplane",
    fence: int | None = None,
    **changes: object,
) -> Run:
    """Move a run to another state, with the fields that change with it, and log it.

    Raises Conflict when the table of moves has no such move, or the fence is stale.
    """
    with transaction.atomic():
        locked = lock_run(run.pk, fence=fence)
        locked.state = move(RunState(locked.state), to).value
        locked.state_reason = reason[:500]
        if to in TERMINAL:
            changes = {"ended_at": locked.ended_at or database_now(), "due_at": None} | changes
        for name, value in changes.items():
            setattr(locked, name, value)
        locked.save(update_fields=["state", "state_reason", *changes])
        append_event(
            exercise=locked.experiment.exercise,
            run=locked,
            kind=f"run.{to.value}",
            text=text,
            source=source,
            reason=reason,
        )
        return locked
