"""The tick: claim what is due and hand it out. Knows no exercise."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings

from exercises import hints
from exercises.domain.run_states import RunState
from exercises.failpoints import failpoint
from exercises.models import (
    AccountRegion,
    Announcement,
    Channel,
    FreezeSource,
    PreflightCheck,
    Run,
    Schedule,
    SignOfLife,
)
from exercises.models.due_work import MAX_AHEAD_S, DueWork, claim, database_now


def tick() -> int:
    """Claim everything due and wake a worker for each; return how many were handed out.

    Starts are claimed two ticks ahead: they prepare first and start on the dot.
    """
    ahead_s = min(2 * settings.CHAOSPLANE_TICK_S, MAX_AHEAD_S)
    runs = claim(Run.objects.filter(due_at__isnull=False), ahead_s=ahead_s)
    places = claim(AccountRegion.objects.all())
    schedules = claim(Schedule.objects.filter(is_suspended=False))
    checks = claim(PreflightCheck.objects.filter(due_at__isnull=False))
    announcements = claim(Announcement.objects.filter(due_at__isnull=False))
    channels = claim(Channel.objects.filter(is_active=True, due_at__isnull=False))
    calendars = claim(FreezeSource.objects.filter(due_at__isnull=False))
    due: list[tuple[str, DueWork]] = [
        *((_task_for(run), run) for run in runs),
        *(("exercises.observe_region", place) for place in places),
        *(("exercises.materialise_editions", schedule) for schedule in schedules),
        *(("exercises.repeat_check", check) for check in checks),
        *(("exercises.announce", announcement) for announcement in announcements),
        *(("exercises.deliver", channel) for channel in channels),
        *(("exercises.refresh_freezes", calendar) for calendar in calendars),
    ]
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


def _task_for(run: Run) -> str:
    waiting = run.state == RunState.SCHEDULED.value
    return "exercises.start_run" if waiting else "exercises.settle_start"


def _give_back(rows: Iterable[DueWork]) -> None:
    """A broker that does not take one message takes none: these are due again at once."""
    for row in rows:
        type(row)._default_manager.filter(pk=row.pk, fence=row.fence).update(lease_until=None)
