"""The verdict of a finished run. What it found when the hypothesis fell is services.found's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.db import transaction

from exercises.domain.engine_values import Reading
from exercises.domain.run_states import RunState
from exercises.domain.steady_state import probes_from_json
from exercises.domain.toolkit_journal import deviation_of
from exercises.domain.verdicts import Judgement, RunVerdict, check_again, judge
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


WAITS = "verdict.waits"
"""The line of a run that has held so far and is checked again before its verdict."""
RECHECKED = "verdict.rechecked"


def judge_when_settled(run: Run, *, now: datetime, is_read: bool) -> None:
    """Judge a run once, when its recovery time is over. Does nothing before that.

    A run that has held so far waits for its delayed check; one that has not is told at once.
    `is_read` says whether the measurements could be read just now.
    """
    if run.judged_at is not None or run.ended_at is None:
        return
    if run.is_rehearsal:
        Run.objects.filter(pk=run.pk, judged_at__isnull=True).update(judged_at=now)
        return
    late = planned_wall(LATE_S if is_read else PATIENCE_S)
    if run.settle_until is not None and now < run.settle_until + late:
        return
    is_early = run.recheck_at is not None and now < run.recheck_at + late
    if is_early and run.events.filter(kind=WAITS).exists():
        return
    with transaction.atomic():
        locked = lock_run(run.pk)
        if locked.judged_at is not None:
            return
        judgement = judgement_of(locked, now=now)
        if judgement.verdict is RunVerdict.HELD and locked.recheck_at is not None:
            if is_early:
                _say_it_waits(locked, judgement)
                return
            judgement = _checked_again(locked, judgement)
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


def _say_it_waits(run: Run, judgement: Judgement) -> None:
    after_min = run.revision.plan["recheck_after_min"]
    append_event(
        exercise=run.experiment.exercise,
        run=run,
        kind=WAITS,
        text=f"{run.experiment.title}: {judgement.reason} "
        f"Checked again {after_min} min after the fault, before the verdict.",
        source="steady state",
    )


def _checked_again(run: Run, judgement: Judgement) -> Judgement:
    """The judgement with the delayed check, which stands in the log at its own time."""
    assert run.recheck_at is not None, "only where it is planned"
    specs = probes_from_json(run.revision.plan["steady_state"])
    found = check_again(
        judgement,
        specs,
        _readings(run),
        at=run.recheck_at,
        after_min=run.revision.plan["recheck_after_min"],
        speed=_speed(run),
    )
    append_event(
        exercise=run.experiment.exercise,
        run=run,
        kind=RECHECKED,
        text=f"{run.experiment.title}: checked again, "
        f"{'steady' if found.verdict is RunVerdict.HELD else 'not steady'}.",
        source="steady state",
        at=run.recheck_at,
    )
    return found


def _readings(run: Run) -> Mapping[str, list[Reading]]:
    readings: dict[str, list[Reading]] = defaultdict(list)
    for sample in run.samples.order_by("at"):
        readings[sample.probe].append(Reading(sample.probe, sample.at, sample.value))
    return readings


def _speed(run: Run) -> float:
    return 1.0 if run.is_imported else settings.CHAOSPLANE_TIME_SPEED


def judgement_of(run: Run, *, now: datetime) -> Judgement:
    """Judge from the stored samples alone, so that anybody can judge again."""
    specs = probes_from_json(run.revision.plan["steady_state"])
    started_at = run.started_at or run.scheduled_at
    return judge(
        specs,
        _readings(run),
        fault_started_at=started_at,
        settled_at=run.settle_until or now,
        speed=_speed(run),
        engine_failed=run.state == RunState.FAILED.value,
        stopped_early=run.state == RunState.STOPPED.value,
        unapproved=run.events.filter(kind=UNAPPROVED).exists(),
        deviated=deviation_of(run.archive.get("journal", {})),
    )
