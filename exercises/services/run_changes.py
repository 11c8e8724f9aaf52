"""What an observation changes in a run: state, actions, targets, samples, stop steps.

Called by services.observe inside a transaction; each change that a person would want to
know is a line in the event log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from exercises.domain.clean_ups import CleanUpState
from exercises.domain.detection import CLEARED, FIRED, UNREADABLE, alarm_lines
from exercises.domain.engine_values import (
    ActionObservation,
    AlarmReading,
    EngineStatus,
    Observation,
    Reading,
    Target,
)
from exercises.domain.run_states import TERMINAL, RunState
from exercises.domain.steady_state import (
    SETTLE_S,
    ProbeSpec,
    format_value,
    is_inside,
    limit_words,
    probes_from_json,
)
from exercises.domain.stop_alarms import alarms_of
from exercises.models import CleanUp, ResolvedTarget, Run, Sample
from exercises.queries.plans import planned_wall
from exercises.services.audit import record
from exercises.services.run_events import append_event, engine_source, move_run
from exercises.services.system import SYSTEM

_STATE_OF = {
    EngineStatus.COMPLETED: RunState.COMPLETED,
    EngineStatus.STOPPED: RunState.STOPPED,
    EngineStatus.FAILED: RunState.FAILED,
    EngineStatus.CANCELLED: RunState.STOPPED,
    EngineStatus.STOPPING: RunState.STOPPING,
}

UNAPPROVED = "run.unapproved"
"""The line of a run that was found to be another than was approved."""

_ACTION_WORDS = {
    "running": "started",
    "completed": "done",
    "stopping": "is being rolled back",
    "stopped": "stopped and rolled back",
    "failed": "failed",
    "skipped": "skipped",
    "cancelled": "cancelled before it started",
}


def record_observation(run: Run, observation: Observation, *, now: datetime) -> Run:
    """Write what the engine said of a locked run. Returns the run as it is then."""
    _log_action_changes(run, observation.actions)
    _log_unapproved(run, observation.differences)
    actions = [_action_row(action) for action in observation.actions] or run.actions
    Run.objects.filter(pk=run.pk).update(engine_status=observation.status.value, actions=actions)
    run.actions, run.engine_status = actions, observation.status.value
    to = _STATE_OF.get(observation.status)
    if to is None or run.state == to.value or RunState(run.state) in TERMINAL:
        return run
    changes: dict[str, Any] = {}
    if to in TERMINAL:
        ended_at = observation.ended_at or now
        after_min = run.revision.plan.get("recheck_after_min", 0)
        changes = {
            "ended_at": ended_at,
            "settle_until": ended_at + planned_wall(SETTLE_S),
            "recheck_at": ended_at + planned_wall(60 * after_min) if after_min else None,
        }
    moved = move_run(
        run,
        to,
        reason=observation.reason,
        text=f"{run.experiment.title}: {to.value}. {observation.reason}".strip(),
        source=engine_source(run),
        **changes,
    )
    moved.actions, moved.engine_status = actions, observation.status.value
    return moved


def _action_row(action: ActionObservation) -> dict[str, object]:
    return asdict(action) | {
        "started_at": action.started_at.isoformat() if action.started_at else None,
        "ended_at": action.ended_at.isoformat() if action.ended_at else None,
    }


def _log_action_changes(run: Run, actions: Sequence[ActionObservation]) -> None:
    before = {action["name"]: action["status"] for action in run.actions}
    for action in actions:
        words = _ACTION_WORDS.get(action.status)
        if words is None or before.get(action.name) == action.status:
            continue
        append_event(
            exercise=run.experiment.exercise,
            run=run,
            kind=f"action.{action.status}",
            text=f"{action.name.replace('-', ' ')}: {words}.",
            source=engine_source(run),
            at=action.ended_at or action.started_at,
            action=action.name,
            reason=action.reason,
        )


def _log_unapproved(run: Run, differences: Sequence[str]) -> None:
    """Say once that AWS carries out something else, also when it was over before it could be
    stopped: it proves nothing of what was approved."""
    if not differences or run.events.filter(kind=UNAPPROVED).exists():
        return
    because = "; ".join(differences)[:800]
    append_event(
        exercise=run.experiment.exercise,
        run=run,
        kind=UNAPPROVED,
        text=f"{run.experiment.title}: what runs is not what was approved. {because}.",
        source="verification",
    )
    record(SYSTEM, UNAPPROVED, run, differences=list(differences))


def record_alarms(run: Run, told: Mapping[str, AlarmReading], *, now: datetime) -> None:
    """Keep what AWS says of the run's alarms, and log each that changed.

    An ended run keeps what was last said: it tells which alarm stopped it.
    """
    _log_alarm_changes(run, told, now=now)
    if run.ended_at is not None:
        return
    arns = alarms_of(run.revision.plan)
    run.alarms = [_alarm_row(told[arn]) for arn in arns if arn in told]
    Run.objects.filter(pk=run.pk).update(alarms=run.alarms)


def _alarm_row(alarm: AlarmReading) -> dict[str, object]:
    return asdict(alarm) | {"since": alarm.since.isoformat() if alarm.since else None}


_ALARM_WORDS = {
    FIRED: "went into alarm",
    CLEARED: "is OK again",
    UNREADABLE: "cannot be read",
}


def _log_alarm_changes(run: Run, told: Mapping[str, AlarmReading], *, now: datetime) -> None:
    """Each change is a line of its own, so that what an alarm was is never overwritten."""
    if run.is_rehearsal or run.started_at is None:
        return
    heartbeat = run.experiment.deployment.place.heartbeat_alarm_arn  # of ours, not of the fault
    own = {
        arn: told[arn] for arn in alarms_of(run.revision.plan) if arn in told and arn != heartbeat
    }
    logged = run.events.filter(kind__in=_ALARM_WORDS).order_by("id")
    before = {details["arn"]: kind for kind, details in logged.values_list("kind", "details")}
    for arn, kind in alarm_lines(before, {arn: alarm.state for arn, alarm in own.items()}):
        alarm = own[arn]
        words = "has no data" if alarm.state == "INSUFFICIENT_DATA" else _ALARM_WORDS[kind]
        append_event(
            exercise=run.experiment.exercise,
            run=run,
            kind=kind,
            text=f"{alarm.name} {words}. {alarm.reason}".strip(),
            source="CloudWatch",
            at=min(alarm.since or now, now),
            arn=arn,
            alarm=alarm.name,
        )


def note_targets(run: Run, targets: Iterable[Target]) -> None:
    """Keep what the run really hit."""
    ResolvedTarget.objects.bulk_create(
        [
            ResolvedTarget(
                run=run,
                target_name=target.target_name,
                resource_type=target.resource_type,
                arn=target.arn,
                az=target.az,
                label=target.label,
            )
            for target in targets
        ],
        ignore_conflicts=True,
    )


def note_samples(run: Run, readings: Sequence[Reading]) -> None:
    """Keep new readings and log each probe that went outside or came back inside."""
    if not readings:
        return
    specs = {spec.key: spec for spec in probes_from_json(run.revision.plan["steady_state"])}
    for key, spec in specs.items():
        new = sorted((r for r in readings if r.probe == key), key=lambda r: r.at)
        _log_crossings(run, spec, new)
    Sample.objects.bulk_create(
        [Sample(run=run, probe=r.probe, at=r.at, value=r.value) for r in readings],
        ignore_conflicts=True,
    )
    until = max(reading.at for reading in readings)
    Run.objects.filter(pk=run.pk).update(sampled_until=until)
    run.sampled_until = until


def _log_crossings(run: Run, spec: ProbeSpec, readings: Sequence[Reading]) -> None:
    last = run.samples.filter(probe=spec.key).order_by("-at").first()
    was_inside = is_inside(spec, last.value) if last else True
    for reading in readings:
        if last is not None and reading.at <= last.at:
            continue
        inside = is_inside(spec, reading.value)
        if inside != was_inside:
            words = "back inside" if inside else "outside"
            append_event(
                exercise=run.experiment.exercise,
                run=run,
                kind="probe.inside" if inside else "probe.outside",
                text=f"{spec.name} {words}: {format_value(spec, reading.value)}, "
                f"{limit_words(spec)}.",
                source="steady state",
                at=reading.at,
                probe=spec.key,
                value=reading.value,
            )
        was_inside = inside


STOP_STEPS = ("stop.accepted", "stop.rolled_back", "stop.verified")


def record_stop_progress(run: Run, *, now: datetime, is_fleet_seen: bool) -> None:
    """The true steps of a stop, each logged once when it is seen: accepted by AWS,
    rolled back (every instance of the application runs; where it has none, nothing of what the
    run may leave changed is left), verified (all probes inside)."""
    if run.stop_requested_at is None or run.is_rehearsal:
        return
    done = set(run.events.filter(kind__in=STOP_STEPS).values_list("kind", flat=True))
    accepted = run.engine_status in {"stopping", "stopped", "completed", "failed"}
    rolled_back = run.ended_at is not None and is_fleet_seen and _is_rolled_back(run)
    back = "all instances are running" if run.fleet else "nothing is left changed"
    steps = (
        ("stop.accepted", accepted, "AWS accepted the stop."),
        ("stop.rolled_back", rolled_back, f"Rolled back, {back}."),
        ("stop.verified", rolled_back and _all_inside(run), "Verified, all probes are inside."),
    )
    for kind, is_true, words in steps:
        if not is_true:
            return
        if kind not in done:
            append_event(
                exercise=run.experiment.exercise,
                run=run,
                kind=kind,
                text=f"{run.experiment.title}: {words}",
                source=engine_source(run),
                at=now,
            )


def _is_rolled_back(run: Run) -> bool:
    if run.fleet:
        return all(node["state"] == "running" for node in run.fleet)
    return CleanUp.objects.filter(run=run, state=CleanUpState.CLEAN.value).exists()


def _all_inside(run: Run) -> bool:
    """Every probe has a reading from after the end, and the newest one is inside."""
    for spec in probes_from_json(run.revision.plan["steady_state"]):
        newest = run.samples.filter(probe=spec.key, at__gte=run.ended_at).order_by("-at").first()
        if newest is None or not is_inside(spec, newest.value):
            return False
    return True
