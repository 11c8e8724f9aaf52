"""Watch one Region of one account: all of its runs in a few calls, then judge what ended.

A worker holds the lease of the Region, not of the runs. Calls to AWS come first, without
a transaction; what they said is then written run by run.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from exercises.aws.alarms import alarm_states
from exercises.aws.fleet import application_nodes
from exercises.domain.engine_values import (
    AlarmReading,
    EngineStatus,
    Node,
    Observation,
    Reading,
    Watch,
)
from exercises.domain.errors import EngineError
from exercises.domain.steady_state import BASELINE_S, probes_from_json
from exercises.domain.stop_alarms import MISSING, UNKNOWN, name_of, stop_alarms
from exercises.engines.registry import engine
from exercises.failpoints import failpoint
from exercises.models import AccountRegion, Run
from exercises.models.due_work import database_now
from exercises.probes.cloudwatch import ProbeRequest, read_many
from exercises.queries.plans import planned_wall
from exercises.services import judge
from exercises.services.guardrails import hold_guardrails
from exercises.services.reconcile import reconcile
from exercises.services.run_changes import (
    note_samples,
    note_targets,
    record_alarms,
    record_observation,
    record_stop_progress,
)

log = logging.getLogger(__name__)

IDLE_INTERVAL_S = 30.0


def observe_region(*, region_id: int, fence: int) -> None:
    """One cycle of observation for one claimed Region."""
    place = AccountRegion.objects.select_related("account").get(pk=region_id)
    if place.fence != fence:
        return
    failpoint("observe.claimed")
    runs = _watched(place)
    problem, foreign = "", None
    try:
        if runs:
            _observe(place, runs)
        if _is_look_due(place):
            foreign = reconcile(place)
    except EngineError as error:
        problem = str(error)
        log.warning("observe.failed", extra={"region": str(place), "error": problem})
    _release(place, fence, problem, foreign)


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


def _observe(place: AccountRegion, runs: Sequence[Run]) -> None:
    now = database_now()
    _redrive_stops(place, runs)
    failpoint("observe.redriven")
    observations = _observations(place, runs, now)
    fleets = {
        tag: application_nodes(place.access, tag)
        for tag in {run.experiment.deployment.tag_value for run in runs}
    }
    readings = _readings(place, runs, now)
    alarms = _alarms(place, runs)
    failpoint("observe.read")
    for run in runs:
        _write(run, observations, fleets, readings, alarms, now)
    _redrive_stops(place, [run for run in runs if hold_guardrails(run, now=now)])


def _write(
    run: Run,
    observations: Mapping[str, Observation],
    fleets: Mapping[str, Sequence[Node]],
    readings: Mapping[str, Sequence[Reading]],
    alarms: Mapping[str, AlarmReading],
    now: datetime,
) -> None:
    """Everything this cycle learned of one run, in one transaction."""
    with transaction.atomic():
        record_alarms(run, alarms)
        observation = observations.get(run.experiment_ref)
        if observation is not None:
            run = record_observation(run, observation, now=now)
        fleet = [asdict(node) for node in fleets[run.experiment.deployment.tag_value]]
        note_samples(run, readings.get(str(run.pk), ()), now=now)
        Run.objects.filter(pk=run.pk).update(observed_at=now, fleet=fleet)
        run.fleet = fleet
        record_stop_progress(run, now=now)
        failpoint("observe.before_commit")
    failpoint("observe.written")
    if run.ended_at is not None and not run.targets.exists():
        _archive(run)
    judge.judge_when_settled(run, now=now)


def _redrive_stops(place: AccountRegion, runs: Sequence[Run]) -> None:
    """A stop that was asked for is asked again each cycle until the engine is stopping."""
    for run in runs:
        if run.stop_requested_at is None or run.ended_at is not None:
            continue
        if run.engine_status in {EngineStatus.STOPPING.value, EngineStatus.STOPPED.value}:
            continue
        engine(run.revision.plan["engine"]).stop(place.access, run.experiment_ref)


def _observations(
    place: AccountRegion, runs: Sequence[Run], now: datetime
) -> dict[str, Observation]:
    watches: dict[str, list[Watch]] = {}
    for run in runs:
        if run.ended_at is not None:
            continue
        last = EngineStatus(run.engine_status) if run.engine_status else None
        watches.setdefault(run.revision.plan["engine"], []).append(
            Watch(run.experiment_ref, last, full=True)
        )
    return {
        observation.ref: observation
        for name, watched in watches.items()
        for observation in engine(name).observe(place.access, watched)
    }


def _alarms(place: AccountRegion, runs: Sequence[Run]) -> dict[str, AlarmReading]:
    """What AWS says of every stop alarm, by ARN; never at the cost of the rest of the cycle."""
    named = {arn for run in runs for arn in stop_alarms(run.revision.plan["definition"])}
    arns = sorted(named)
    try:
        told = {alarm.arn: alarm for alarm in alarm_states(place.access, arns)} if arns else {}
    except EngineError as error:
        log.warning("observe.alarms.failed", extra={"region": str(place), "error": str(error)})
        return {arn: AlarmReading(arn, name_of(arn), UNKNOWN, str(error)) for arn in arns}
    missing = "AWS knows no alarm of this name."
    return {arn: told.get(arn) or AlarmReading(arn, name_of(arn), MISSING, missing) for arn in arns}


def _readings(
    place: AccountRegion, runs: Sequence[Run], now: datetime
) -> Mapping[str, Sequence[Reading]]:
    requests = [
        ProbeRequest(run_id=str(run.pk), spec=spec, since=_since(run))
        for run in runs
        if not run.is_rehearsal
        for spec in probes_from_json(run.revision.plan["steady_state"])
    ]
    if not requests:
        return {}
    return read_many(place.access, requests, until=now, speed=settings.CHAOSPLANE_TIME_SPEED)


def _since(run: Run) -> datetime:
    if run.sampled_until is not None:
        return run.sampled_until
    return (run.started_at or run.scheduled_at) - planned_wall(BASELINE_S)


def _archive(run: Run) -> None:
    """Keep what the engine knows: it forgets (FIS after 120 days)."""
    archive = engine(run.revision.plan["engine"]).archive(
        run.experiment.deployment.place.access, run.experiment_ref
    )
    with transaction.atomic():
        note_targets(run, archive.targets)
        Run.objects.filter(pk=run.pk).update(archive=archive.document)
    failpoint("observe.archived")


def _is_look_due(place: AccountRegion) -> bool:
    """The whole account is looked at less often than what runs in it."""
    if place.scanned_at is None:
        return True
    return database_now() - place.scanned_at >= timedelta(seconds=0.9 * IDLE_INTERVAL_S)


def _release(
    place: AccountRegion, fence: int, problem: str, foreign: list[dict[str, str]] | None
) -> None:
    """Say when to look again. Under the row's lock, so that a start in between is seen.

    `foreign` is None when the account as a whole was not looked at.
    """
    with transaction.atomic():
        locked = AccountRegion.objects.select_for_update(no_key=True).get(pk=place.pk)
        if locked.fence != fence:
            return
        busy = Run.objects.watched().filter(experiment__deployment__place=place).exists()
        interval = settings.CHAOSPLANE_OBSERVE_INTERVAL_S if busy else IDLE_INTERVAL_S
        now = database_now()
        locked.due_at = now + timedelta(seconds=interval)
        locked.lease_until = None
        locked.scan_problem = problem[:500]
        if foreign is not None:
            locked.scanned_at, locked.foreign = now, foreign
        locked.save(
            update_fields=["due_at", "lease_until", "scan_problem", "scanned_at", "foreign"]
        )
