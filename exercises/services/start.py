"""Start a run whose slot has come: once, approved, or not at all.

1. Prepare, without effect: provision the approved definition, verify what the account
   holds, count what it would hit, note how all of that is, ask the webhooks that may veto.
2. At the slot, in one transaction under locks: ask the gate and write the intent.
3. Ask the engine, with the token that is the run's for ever.
4. Record the answer, or that there was none (services.settle_starts goes on from there).
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from exercises.aws.alarms import alarm_settings
from exercises.domain.clean_ups import RUNNING_S
from exercises.domain.errors import Conflict, EngineError, Refusal
from exercises.domain.run_states import RunState
from exercises.domain.snapshots import Snapshot, as_json
from exercises.domain.stop_alarms import stop_alarms
from exercises.engines.registry import engine
from exercises.failpoints import failpoint
from exercises.models import CleanUp, Run, RunSnapshot, Sample
from exercises.models.due_work import MAX_AHEAD_S, database_now, kept
from exercises.queries.plans import planned_wall
from exercises.queries.policy import current_policy
from exercises.queries.preflight import alarm_settings_seen
from exercises.queries.start_gate import GRACE_S, refusals
from exercises.services import all_accounts
from exercises.services.audit import record
from exercises.services.baseline import Baseline, read_baseline
from exercises.services.run_events import append_event, move_run
from exercises.services.start_hooks import ask_hooks
from exercises.services.start_steps import ask_engine, lock_for_gate, lock_free
from exercises.services.system import SYSTEM

log = logging.getLogger(__name__)

RETRY_AFTER = timedelta(seconds=2)


def start_run(*, run_id: str, fence: int) -> None:
    """Carry out one claimed start. Returns when the run is started, settled or refused.

    Raises Conflict when another worker has taken the run over; nothing was done then.
    """
    with kept(Run, run_id, fence):
        _start(run_id, fence)


def _start(run_id: str, fence: int) -> None:
    run = lock_free(run_id, fence)
    if run.state != RunState.SCHEDULED.value:
        return
    if _is_missed(run):  # said before AWS is asked, or a broken account would hide it for ever
        _skip(run, fence, refusals(run, now=database_now(), target_count=None))
        return
    failpoint("start.claimed")
    try:
        prepared = _prepare(run)
    except EngineError as error:
        _postpone(run, fence, error)
        return
    failpoint("start.prepared")
    ask_hooks(run)
    _wait_for_slot(run)
    intent = _write_intent(run, fence, prepared)
    if intent is not None and intent.asked_at is not None:
        failpoint("start.intent_committed")
        ask_engine(intent, fence, allowed_at=intent.asked_at, is_first=True)


def _is_missed(run: Run) -> bool:
    return (database_now() - run.scheduled_at).total_seconds() > GRACE_S


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was said right before the gate is asked. `before` is how everything is that the run
    may leave changed; a rehearsal changes nothing. `levers` names further accounts whose safety
    lever is engaged at AWS."""

    template_ref: str
    target_count: int
    alarm_settings: str | None
    baseline: Baseline
    before: Snapshot | None
    levers: tuple[str, ...]


def _prepare(run: Run) -> Prepared:
    """Provision and verify the definition, count its targets, and read what is set on its
    alarms where pre-flight has noted it. Injects nothing."""
    plan = run.revision.plan
    access = run.experiment.deployment.place.access
    chosen = engine(plan["engine"])
    ref = chosen.provision(access, plan["definition"], run.revision.digest)
    chosen.verify(access, ref, plan["definition"])
    places = run.places()
    targets = all_accounts.preview(chosen, places, plan["definition"])
    is_noted = not run.is_rehearsal and alarm_settings_seen(run)
    settings = alarm_settings(access, stop_alarms(plan["definition"])) if is_noted else None
    is_compared = not run.is_rehearsal
    before = all_accounts.snapshot(chosen, places, plan["definition"]) if is_compared else None
    count = len({target.arn for target in targets})
    levers = all_accounts.engaged_levers(places)
    return Prepared(ref, count, settings, read_baseline(run), before, levers)


def _wait_for_slot(run: Run) -> None:
    """Work is claimed a little early so that it starts on the dot."""
    remaining = (run.scheduled_at - database_now()).total_seconds()
    if remaining > 0:
        time.sleep(min(remaining, MAX_AHEAD_S))


def _write_intent(run: Run, fence: int, prepared: Prepared) -> Run | None:
    """Ask the gate under every lock that could change its answer; write the intent."""
    with transaction.atomic():
        run = lock_for_gate(run, fence)
        now = database_now()
        refused = refusals(
            run,
            now=now,
            target_count=prepared.target_count,
            alarm_settings=prepared.alarm_settings,
            unsteady=prepared.baseline.unsteady,
            levers=prepared.levers,
        )
        if refused:
            _skip(run, fence, refused)
            return None
        run = move_run(
            run,
            RunState.STARTING,
            text=f"{run.experiment.title}: starting.",
            fence=fence,
            template_ref=prepared.template_ref,
            asked_at=now,
        )
        Sample.objects.bulk_create(
            [
                Sample(run=run, probe=r.probe, at=r.at, value=r.value)
                for r in prepared.baseline.polled
            ],
            ignore_conflicts=True,
        )
        _keep_before(run, prepared.before, now)
        record(
            SYSTEM,
            "run.start",
            run,
            digest=run.revision.digest,
            token=run.token,
            policy=current_policy().number,
        )
        failpoint("start.before_intent_commit")
        return run


def _keep_before(run: Run, before: Snapshot | None, now: datetime) -> None:
    """What services.sweep compares with when the run has ended."""
    if before is None:
        return
    RunSnapshot.objects.create(
        run=run, moment="before", taken_at=now, document=as_json(before), hash=before.hash
    )
    CleanUp.objects.create(run=run, due_at=now + planned_wall(RUNNING_S))


def _postpone(run: Run, fence: int, error: EngineError) -> None:
    """Nothing was asked yet. Try again while the slot lasts, unless it cannot help."""
    because = str(error)[:500]
    if not error.retryable:
        _skip(run, fence, (Refusal("engine.not_ready", because, "Put it right, run again."),))
        return
    updated = Run.objects.filter(pk=run.pk, fence=fence, state=RunState.SCHEDULED.value).update(
        due_at=database_now() + RETRY_AFTER, lease_until=None, state_reason=because
    )
    if not updated:
        raise Conflict("another worker has taken over this run")
    if run.state_reason == because:  # said already, some seconds ago
        return
    append_event(
        exercise=run.experiment.exercise,
        run=run,
        kind="run.postponed",
        text=f"{run.experiment.title}: AWS is not ready, trying again. {because}",
    )


def _skip(run: Run, fence: int, refused: tuple[Refusal, ...]) -> None:
    because = " ".join(refusal.because for refusal in refused)
    move_run(
        run,
        RunState.SKIPPED,
        reason=because,
        text=f"{run.experiment.title}: skipped. {because}",
        fence=fence,
    )
    log.info("run.skipped", extra={"run": str(run.pk), "rules": [r.rule for r in refused]})
