"""Do what a tick and its workers would do, in this process and in order."""

from __future__ import annotations

import time
from collections.abc import Callable

from exercises.domain.run_states import RunState
from exercises.models import AccountRegion, Announcement, Channel, CleanUp, PreflightCheck, Run
from exercises.models.due_work import claim
from exercises.services.announce import announce
from exercises.services.debrief import open_due_debriefs
from exercises.services.deliver import deliver
from exercises.services.observe import observe_region
from exercises.services.preflight import repeat_check
from exercises.services.settle_starts import settle_start
from exercises.services.start import start_run
from exercises.services.sweep import sweep_run


def work_off(ahead_s: float = 2.0) -> None:
    """Claim everything due and carry it out."""
    for run in claim(Run.objects.filter(due_at__isnull=False), ahead_s=ahead_s):
        waiting = run.state == RunState.SCHEDULED.value
        carry_out = start_run if waiting else settle_start
        carry_out(run_id=str(run.pk), fence=run.fence)
    for place in claim(AccountRegion.objects.all()):
        observe_region(region_id=place.pk, fence=place.fence)
    for check in claim(PreflightCheck.objects.filter(due_at__isnull=False)):
        repeat_check(check_id=check.pk, fence=check.fence)
    for row in claim(CleanUp.objects.filter(due_at__isnull=False)):
        sweep_run(clean_up_id=row.pk, fence=row.fence)
    open_due_debriefs()


def until(done: Callable[[], bool], *, seconds: float = 60) -> None:
    """Work off what is due until `done()`; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "it never came to that"
        work_off()
        time.sleep(0.2)


def fresh(run: Run) -> Run:
    return Run.objects.get(pk=run.pk)


def tell_everyone() -> None:
    """Carry out what is announced and what is due to leave, until nothing is left."""
    for _ in range(20):
        announcements = claim(Announcement.objects.filter(due_at__isnull=False))
        for row in announcements:
            announce(announcement_id=row.pk, fence=row.fence)
        channels = claim(Channel.objects.filter(is_active=True))
        for channel in channels:
            deliver(channel_id=channel.pk, fence=channel.fence)
        if not announcements and not channels:
            return
    raise AssertionError("there is always something more to tell")
