"""Watch one Region of one account: all of its runs in a few calls, then judge what ended.

A worker holds the lease of the Region, not of the runs. Calls to AWS come first, without
a transaction; what they said is then written run by run. Nothing that is wrong with one
run or one answer keeps the others from being written.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction

from exercises.domain.engine_values import EngineStatus
from exercises.domain.observation_pace import RARE_S, WatchedRun, interval_s
from exercises.domain.rechecks import WINDOW_S
from exercises.domain.run_states import RunState
from exercises.domain.steady_state import probes_from_json
from exercises.domain.timeline import planned_actions
from exercises.engines.registry import engine
from exercises.failpoints import failpoint
from exercises.models import AccountRegion, Run
from exercises.models.due_work import database_now, kept
from exercises.queries.plans import planned_wall
from exercises.queries.stop_target import target_of
from exercises.services import all_accounts, judge
from exercises.services.guardrails import (
    hold_alarms,
    hold_freezes,
    hold_guardrails,
    hold_incidents,
    stop_by_rule,
)
from exercises.services.look import Problems, Seen, look
from exercises.services.reconcile import reconcile
from exercises.services.run_changes import (
    note_samples,
    note_targets,
    record_alarms,
    record_observation,
    record_stop_progress,
)
from exercises.services.run_events import append_event, lock_run
from exercises.stopping import stopper

log = logging.getLogger(__name__)

_STOPPED: Final = frozenset({EngineStatus.STOPPING.value, EngineStatus.STOPPED.value})


def observe_region(*, region_id: int, fence: int) -> None:
    """One cycle of observation for one claimed Region."""
    with kept(AccountRegion, region_id, fence):
        _observe_region(region_id, fence)


def _observe_region(region_id: int, fence: int) -> None:
    place = AccountRegion.objects.select_related("account").get(pk=region_id)
    if place.fence != fence:
        return
    failpoint("observe.claimed")
    runs = _watched(place)
    problems = Problems(place)
    if runs:
        _observe(place, runs, problems)
    foreign = None
    if _is_look_due(place):
        with problems.contained("reconcile"):
            foreign = reconcile(place)
    _release(place, fence, runs, problems, foreign)


def _watched(place: AccountRegion) -> list[Run]:
    return list(
        Run.objects.watched()
        .filter(experiment__deployment__place=place)
        .select_related(
            "revision",
            "experiment__exercise",
            "experiment__application",
            "experiment__template_version__template",
            "experiment__deployment__place__account",
        )
    )


def _observe(place: AccountRegion, runs: Sequence[Run], problems: Problems) -> None:
    _redrive_stops(runs, problems)
    failpoint("observe.redriven")
    seen = look(place, runs, problems, now=database_now())
    failpoint("observe.read")
    to_stop = []
    for run in runs:
        with problems.contained(run.experiment.code):
            _write(run, seen, problems)
        with problems.contained(run.experiment.code):
            if _is_to_stop(run, seen):
                to_stop.append(run)
    _redrive_stops(to_stop, problems)


def _write(run: Run, seen: Seen, problems: Problems) -> None:
    """Everything this cycle learned of one run."""
    with transaction.atomic():
        run = lock_run(run.pk)
        if run.observed_at is not None and run.observed_at >= seen.at:
            return  # another worker has looked since
        run = _write_down(run, seen)
        failpoint("observe.before_commit")
    failpoint("observe.written")
    is_kept = True
    if run.engine_status and EngineStatus(run.engine_status).is_terminal and not run.archive:
        is_kept = False
        with problems.contained(run.experiment.code):
            _archive(run)
            is_kept = True
    if is_kept or _is_given_up(run, seen.at):
        judge.judge_when_settled(run, now=seen.at, is_read=seen.is_read)


def _is_given_up(run: Run, now: datetime) -> bool:
    """Whether the verdict waits no longer for what the engine may never tell."""
    over_at = run.settle_until or run.ended_at
    return over_at is not None and now >= over_at + planned_wall(judge.PATIENCE_S)


def _write_down(run: Run, seen: Seen) -> Run:
    record_alarms(run, seen.alarms, now=seen.at)
    observation = seen.observations.get(run.experiment_ref)
    if observation is not None:
        run = record_observation(run, observation, now=seen.at)
    note_samples(run, seen.readings.get(str(run.pk), ()))
    fleet = seen.fleets.get(str(run.pk))
    if fleet is not None:
        run.fleet = [asdict(node) for node in fleet]
    if observation is not None or run.ended_at is not None:
        run.observed_at = seen.at
    run.save(update_fields=["fleet", "observed_at"])
    record_stop_progress(run, now=seen.at, is_fleet_seen=fleet is not None)
    return run


def _is_to_stop(run: Run, seen: Seen) -> bool:
    """Whether a rule asks for its stop: what runs must be what was approved, no freeze may
    have begun, no incident stop it, no stop condition be in alarm that only we watch, and no
    probe be beyond its stop limit."""
    observation = seen.observations.get(run.experiment_ref)
    if observation is not None and observation.differences and run.ended_at is None:
        because = f"What runs is not what was approved: {'; '.join(observation.differences)}"
        return stop_by_rule(run, because=because[:800], source="verification")
    return (
        hold_freezes(run, now=seen.at)
        or hold_incidents(run)
        or hold_alarms(run, seen.alarms)
        or hold_guardrails(run, now=seen.at)
    )


def _redrive_stops(runs: Sequence[Run], problems: Problems) -> None:
    """A stop that was asked for is asked again each cycle until the engine is stopping."""
    targets = [
        target
        for run in runs
        if run.stop_requested_at is not None
        and run.engine_status not in _STOPPED
        and (target := target_of(run)) is not None
    ]
    for receipt in stopper.stop(targets):
        if not receipt.is_accepted:
            problems.add(receipt.message)


def _archive(run: Run) -> None:
    """Keep what the engine knows: it forgets (FIS after 120 days)."""
    chosen = engine(run.revision.plan["engine"])
    archive = all_accounts.archive(chosen, run.places(), run.experiment_ref)
    with transaction.atomic():
        note_targets(run, archive.targets)
        Run.objects.filter(pk=run.pk).update(archive=archive.document)
    failpoint("observe.archived")


def _is_look_due(place: AccountRegion) -> bool:
    """The whole account is looked at less often than what runs in it."""
    if place.scanned_at is None:
        return True
    return database_now() - place.scanned_at >= timedelta(seconds=0.9 * RARE_S)


def _release(
    place: AccountRegion,
    fence: int,
    runs: Sequence[Run],
    problems: Problems,
    foreign: list[dict[str, str]] | None,
) -> None:
    """Say when to look again. Under the row's lock, so that a start in between is seen.

    `foreign` is None when the account as a whole was not looked at.
    """
    with transaction.atomic():
        locked = AccountRegion.objects.select_for_update(no_key=True).get(pk=place.pk)
        if locked.fence != fence:
            return
        now = database_now()
        locked.due_at = now + timedelta(seconds=_pace(place, now))
        locked.lease_until = None
        _say_when_sight_changes(locked, runs, str(problems))
        locked.scan_problem, locked.is_blind = str(problems)[:500], problems.is_blind
        if foreign is not None:
            locked.scanned_at, locked.foreign = now, foreign
        locked.save(
            update_fields=[
                "due_at",
                "lease_until",
                "scan_problem",
                "is_blind",
                "scanned_at",
                "foreign",
            ]
        )


def _pace(place: AccountRegion, now: datetime) -> float:
    """Seconds until the next look, by what is watched there now."""
    watched = Run.objects.watched().filter(experiment__deployment__place=place)
    runs = [_watched_run(run, now) for run in watched.select_related("revision")]
    return interval_s(runs, usual_s=settings.CHAOSPLANE_OBSERVE_INTERVAL_S)


def _watched_run(run: Run, now: datetime) -> WatchedRun:
    plan = run.revision.plan
    started_at = run.started_at or now
    ends = (started_at + planned_wall(a.ends_s) for a in planned_actions(plan["definition"]))
    return WatchedRun(
        age_s=(now - started_at).total_seconds(),
        is_stopping=run.stop_requested_at is not None or run.state == RunState.STOPPING.value,
        is_over=run.ended_at is not None,
        is_guarded=any(spec.has_stop_limit for spec in probes_from_json(plan["steady_state"])),
        ends_in_s=[(end - now).total_seconds() for end in ends],
        rests_s=_rest_s(run, now),
    )


def _rest_s(run: Run, now: datetime) -> float:
    if run.recheck_at is None or run.settle_until is None:
        return 0.0
    if now < run.settle_until + planned_wall(judge.PATIENCE_S):
        return 0.0
    return max(0.0, (run.recheck_at - planned_wall(WINDOW_S) - now).total_seconds())


def _say_when_sight_changes(place: AccountRegion, runs: Sequence[Run], problem: str) -> None:
    """Whoever is in the room must know that what they see may be old, and when it no longer is."""
    if bool(problem) == bool(place.scan_problem):
        return
    words = f"not everything could be read. {problem}" if problem else "everything is read again."
    for exercise in {run.experiment.exercise_id: run.experiment.exercise for run in runs}.values():
        append_event(
            exercise=exercise,
            kind="observe.failed" if problem else "observe.recovered",
            text=f"{place.account.name} {place.region}: {words}",
            source="observation",
        )
