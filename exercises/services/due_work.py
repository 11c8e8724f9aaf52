"""The tick: claim what is due and hand it out. Knows no exercise.

`claim_due` is the one list of what can be due; the sentinel asks it while Celery is silent.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Any, Final

from django.conf import settings
from django.db.models import QuerySet, Value

from exercises import hints
from exercises.domain.run_states import RunState
from exercises.failpoints import failpoint
from exercises.models import (
    AccountRegion,
    Announcement,
    Channel,
    CleanUp,
    FreezeSource,
    PreflightCheck,
    ReportSubscription,
    Run,
    Schedule,
    SignOfLife,
    WebhookEndpoint,
)
from exercises.models.due_work import MAX_AHEAD_S, DueWork, claim, database_now, due_by

START, SETTLE = "exercises.start_run", "exercises.settle_start"
_ROWS: Final[Mapping[str, QuerySet[Any]]] = {
    START: Run.objects.all(),
    "exercises.observe_region": AccountRegion.objects.all(),
    "exercises.materialise_editions": Schedule.objects.filter(is_suspended=False),
    "exercises.repeat_check": PreflightCheck.objects.all(),
    "exercises.refresh_freezes": FreezeSource.objects.all(),
    "exercises.announce": Announcement.objects.all(),
    "exercises.deliver": Channel.objects.filter(is_active=True),
    "exercises.send_webhooks": WebhookEndpoint.objects.with_mail(),
    "exercises.sweep_run": CleanUp.objects.all(),
    "exercises.mail_report": ReportSubscription.objects.all(),
}
"""Each task with the rows that it takes. Starts first: they have a time to keep."""
MOST_OF_A_KIND: Final = 100


def claim_due(
    *, ahead_s: float, most: int | None = None, tasks: Container[str] = frozenset(_ROWS)
) -> list[tuple[str, DueWork]]:
    """Claim what is due and say which task it is for; only starts are claimed `ahead_s` early."""
    ahead = {START: ahead_s}
    found: list[tuple[str, DueWork]] = []
    for task in _tasks_with_work(ahead):
        left = MOST_OF_A_KIND if most is None else most - len(found)
        if task in tasks and left:
            rows = claim(_ROWS[task], ahead_s=ahead.get(task, 0.0), limit=left)
            found += [(_task_for(task, row), row) for row in rows]
    return found


def _tasks_with_work(ahead: Mapping[str, float]) -> list[str]:
    """Asked in one statement, because most ticks find next to nothing."""
    now = database_now()
    first, *others = (
        due_by(now, rows, ahead_s=ahead.get(task, 0.0)).order_by().values_list(Value(task))[:1]
        for task, rows in _ROWS.items()
    )
    with_work = {task for (task,) in first.union(*others, all=True)}
    return [task for task in _ROWS if task in with_work]


def tick() -> int:
    """Claim everything due and wake a worker for each; return how many were handed out.

    Starts are claimed two ticks ahead: they prepare first and start on the dot.
    """
    due = claim_due(ahead_s=min(2 * settings.CHAOSPLANE_TICK_S, MAX_AHEAD_S))
    for handed_out, (task, row) in enumerate(due):
        failpoint("due.claimed")
        if not hints.wake(task, str(row.pk), row.fence):
            _give_back(row for _, row in due[handed_out:])
            return handed_out
    return len(due)


def note_tick() -> None:
    """A worker carried out a tick: the sentinel need not do it."""
    SignOfLife.objects.bulk_create(
        [SignOfLife(name="tick", at=database_now())],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["at"],
    )


def _task_for(task: str, row: DueWork) -> str:
    is_under_way = isinstance(row, Run) and row.state != RunState.SCHEDULED.value
    return SETTLE if is_under_way else task


def _give_back(rows: Iterable[DueWork]) -> None:
    """A broker that does not take one message takes none: these are due again at once."""
    for row in rows:
        type(row)._default_manager.filter(pk=row.pk, fence=row.fence).update(lease_until=None)
