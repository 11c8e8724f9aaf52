"""Runs that left something behind, without AWS: the rows that the sweeper would have written."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta

from exercises.domain.residue import changes
from exercises.domain.snapshots import Snapshot, Trace, as_json
from exercises.models import CleanUp, Run, RunSnapshot
from exercises.models.due_work import database_now
from tests.build import REGION, live
from tests.cast import Cast


def left_behind(cast: Cast) -> Run:
    """A run that ended an hour ago with an instance left stopped: people were asked."""
    _, run = live(cast)
    has_left(run)
    return run


def has_left(run: Run) -> None:
    """Have this run, scheduled or over, be one of those."""
    at = database_now() - timedelta(hours=1)
    if run.state == "scheduled":
        Run.objects.filter(pk=run.pk).update(state="starting", due_at=None)
        Run.objects.filter(pk=run.pk).update(state="running", started_at=at)
        Run.objects.filter(pk=run.pk).update(state="completed", ended_at=at)
    name = f"arn:aws:ec2:{REGION}:111111111111:instance/i-0123456789abcdef0"
    trace = Trace("instances", name, "broker-a1", {"state": "running", "group": ""})
    now = replace(trace, values={"state": "stopped", "group": ""})
    before, after = Snapshot((trace,)), Snapshot((now,))
    left = [asdict(change) for change in changes(before, after, ref="", region=REGION)]
    for moment, seen in (("before", before), ("after", after)):
        RunSnapshot.objects.create(
            run=run, moment=moment, taken_at=at, document=as_json(seen), hash=seen.hash
        )
    CleanUp.objects.create(
        run=run, state="left", left=left, looks=7, looked_at=database_now(), asked_at=at
    )
    run.refresh_from_db()
