"""The tick: claim what is due and hand it out. Knows no exercise."""

from __future__ import annotations

from django.conf import settings

from exercises import hints
from exercises.domain.run_states import RunState
from exercises.failpoints import failpoint
from exercises.models import AccountRegion, Run, Schedule, SignOfLife
from exercises.models.due_work import DueWork, claim, database_now


def tick() -> int:
    """Claim everything due and wake a worker for each; return how many were handed out.

    Starts are claimed two ticks ahead: they prepare first and start on the dot.
    """
    ahead_s = 2 * settings.CHAOSPLANE_TICK_S
    handed_out = 0
    for run in claim(Run.objects.filter(due_at__isnull=False), ahead_s=ahead_s):
        waiting = run.state == RunState.SCHEDULED.value
        task = "exercises.start_run" if waiting else "exercises.settle_start"
        handed_out += _hand_out(task, run)
    for place in claim(AccountRegion.objects.all()):
        handed_out += _hand_out("exercises.observe_region", place)
    for schedule in claim(Schedule.objects.filter(is_suspended=False)):
        handed_out += _hand_out("exercises.materialise_editions", schedule)
    return handed_out


def note_tick() -> None:
    """A worker carried out a tick: the sentinel need not do it."""
    SignOfLife.objects.bulk_create(
        [SignOfLife(name="tick", at=database_now())],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["at"],
    )


def _hand_out(task: str, row: DueWork) -> int:
    """Wake a worker. When the message cannot be sent, the row is due again at once."""
    failpoint("due.claimed")
    if hints.wake(task, str(row.pk), row.fence):
        return 1
    type(row)._default_manager.filter(pk=row.pk, fence=row.fence).update(lease_until=None)
    return 0
