"""The verdict of a finished run. What it found when the hypothesis fell is services.found's."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction

from exercises.domain.engine_values import Reading
from exercises.domain.run_states import RunState
from exercises.domain.steady_state import probes_from_json
from exercises.domain.toolkit_journal import deviation_of
from exercises.domain.verdicts import Judgement, RunVerdict, judge
from exercises.failpoints import failpoint
from exercises.models import Run
from exercises.queries.plans import planned_wall
from exercises.services.audit import record
from exercises.services.found import probe_row, write_down, write_down_change, write_down_silence
from exercises.services.run_changes import UNAPPROVED
from exercises.services.run_events import append_event, lock_run
from exercises.services.system import SYSTEM

LATE_S = 180
"""Planned seconds after which CloudWatch shows the last minutes of the recovery: judged
before, they would count as missing (CloudWatch User Guide, "Metrics retention" and delay)."""
PATIENCE_S = 900
"""The same while the measurements cannot be read: longer than most outages, not for ever."""

_WORDS = {
    RunVerdict.HELD: "held",
    RunVerdict.NOT_HELD: "not held",
    RunVerdict.INCONCLUSIVE: "inconclusive",
}


def judge_when_settled(run: Run, *, now: datetime, is_read: bool) -> None:
    """Judge a run once, when its recovery time is over. Does nothing before that.

    `is_read` says whether the measurements could be read just now.
    """
    if run.judged_at is not None or run.ended_at is None:
        return
    if run.is_rehearsal:
        Run.objects.filter(pk=run.pk, judged_at__isnull=True).update(judged_at=now)
        return
    wait_s = LATE_S if is_read else PATIENCE_S
    if run.settle_until is not None and now < run.settle_until + planned_wall(wait_s):
        return
    with transaction.atomic():
        locked = lock_run(run.pk)
        if locked.judged_at is not None:
            return
        judgement = judgement_of(locked, now=now)
        locked.verdict = judgement.verdict.value
        locked.verdict_reason = judgement.reason[:500]
        locked.judgement = {"probes": [probe_row(p) for p in judgement.probes]}
        locked.judged_at = now
        locked.save(update_fields=["verdict", "verdict_reason", "judgement", "judged_at"])
        append_event(
            exercise=locked.experiment.exercise,
            run=locked,
            kind=f"verdict.{judgement.verdict.value}",
            text=f"{locked.experiment.title}: hypothesis {_WORDS[judgement.verdict]}. "
            f"{judgement.reason}",
            source="steady state",
        )
        change = locked.events.filter(kind=UNAPPROVED).first()
        if judgement.verdict is RunVerdict.NOT_HELD:
            write_down(locked, judgement, now=now)
        elif change is not None:
            write_down_change(locked, change.text, now=now)
        if change is None:
            write_down_silence(locked, judgement, now=now)
        record(SYSTEM, "run.judge", locked, verdict=judgement.verdict.value)
        failpoint("judge.before_commit")


def judgement_of(run: Run, *, now: datetime) -> Judgement:
    """Judge from the stored samples alone, so that anybody can judge again."""
    specs = probes_from_json(run.revision.plan["steady_state"])
    readings: dict[str, list[Reading]] = {spec.key: [] for spec in specs}
    for sample in run.samples.order_by("at"):
        if sample.probe in readings:
            readings[sample.probe].append(Reading(sample.probe, sample.at, sample.value))
    started_at = run.started_at or run.scheduled_at
    return judge(
        specs,
        readings,
        fault_started_at=started_at,
        settled_at=run.settle_until or now,
        speed=1.0 if run.is_imported else settings.CHAOSPLANE_TIME_SPEED,
        engine_failed=run.state == RunState.FAILED.value,
        stopped_early=run.state == RunState.STOPPED.value,
        unapproved=run.events.filter(kind=UNAPPROVED).exists(),
        deviated=deviation_of(run.archive.get("journal", {})),
    )
