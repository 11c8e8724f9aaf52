"""Stops a run by rule: beyond a stop limit, without data, in a freeze or under an incident, by
an alarm that its engine does not watch itself, or not what was approved.

Called by services.observe after each round, and by services.decide for a no that comes after
the start; what is latched here services.observe asks the engine for, as for a person's stop.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from exercises.domain.engine_documents import FIS
from exercises.domain.engine_values import AlarmReading, Reading
from exercises.domain.guardrails import reason_to_stop
from exercises.domain.run_states import TERMINAL, RunState
from exercises.domain.steady_state import probes_from_json
from exercises.domain.stop_alarms import stop_alarms
from exercises.domain.times import Window
from exercises.models import Run
from exercises.models.due_work import database_now
from exercises.queries.freezes import freezes_holding
from exercises.queries.incidents import incidents_holding, open_incidents
from exercises.services.audit import record
from exercises.services.run_events import append_event, lock_run
from exercises.services.system import SYSTEM

UNDER_WAY = frozenset({RunState.STARTING, RunState.START_UNKNOWN, RunState.RUNNING})
LOOK_BACK = timedelta(hours=2)


def hold_guardrails(run: Run, *, now: datetime) -> bool:
    """Ask for a stop when a stop limit is broken; return whether it was asked for."""
    if run.state != RunState.RUNNING.value or run.is_rehearsal or run.started_at is None:
        return False
    specs = [s for s in probes_from_json(run.revision.plan["steady_state"]) if s.has_stop_limit]
    if not specs or run.stop_requested_at is not None:
        return False
    since = max(run.started_at, now - LOOK_BACK)
    readings: dict[str, list[Reading]] = {spec.key: [] for spec in specs}
    rows = run.samples.filter(probe__in=readings, at__gte=since).order_by("at")
    for probe, at, value in rows.values_list("probe", "at", "value"):
        readings[probe].append(Reading(probe, at, value))
    for spec in specs:
        because = reason_to_stop(
            spec,
            readings[spec.key],
            since=run.started_at,
            now=now,
            speed=settings.CHAOSPLANE_TIME_SPEED,
        )
        if because is not None:
            return stop_by_rule(run, because=because, source="guardrail")
    return False


def hold_freezes(run: Run, *, now: datetime) -> bool:
    """Ask for a stop when a freeze has begun under a run; return whether it was asked for."""
    if run.is_rehearsal or run.stop_requested_at is not None:
        return False
    if RunState(run.state) not in UNDER_WAY:
        return False
    moment = Window(now, now + timedelta(seconds=1))
    found = freezes_holding(run.experiment, moment, now=now)
    if not found:
        return False
    names = ", ".join(freeze.name for freeze in found)
    return stop_by_rule(run, because=f"The freeze {names} has begun", source="freeze")


def hold_incidents(run: Run) -> bool:
    """Ask for a stop under an incident that stops what runs; return whether it was asked for.

    Its report stopped what was under way then; this is for what began in the same moment.
    """
    if run.is_rehearsal or run.stop_requested_at is not None:
        return False
    if RunState(run.state) not in UNDER_WAY:
        return False
    stopping = open_incidents().filter(stops=True).prefetch_related("accounts", "teams")
    found = incidents_holding(run.experiment, stopping)
    if not found:
        return False
    return stop_by_rule(run, because=f"The incident {found[0].title} is open", source="incident")


def hold_alarms(run: Run, alarms: Mapping[str, AlarmReading]) -> bool:
    """Ask for a stop when a stop condition is in alarm; return whether it was asked for.

    FIS watches its own; what another engine carries out is stopped from here.
    """
    plan = run.revision.plan
    if plan["engine"] == FIS or run.is_rehearsal or run.stop_requested_at is not None:
        return False
    if RunState(run.state) not in UNDER_WAY:
        return False
    for arn in stop_alarms(plan["definition"]):
        alarm = alarms.get(arn)
        if alarm is not None and alarm.state == "ALARM":
            return stop_by_rule(run, because=f"{alarm.name} is in alarm", source="alarm")
    return False


def stop_by_rule(run: Run, *, because: str, source: str) -> bool:
    """Latch a stop that nobody asked for but a rule; return whether it is new."""
    with transaction.atomic():
        locked = lock_run(run.pk)
        if RunState(locked.state) in TERMINAL or locked.stop_requested_at is not None:
            return False
        locked.stop_requested_at = database_now()
        locked.save(update_fields=["stop_requested_at"])
        append_event(
            exercise=locked.experiment.exercise,
            run=locked,
            kind="stop.requested",
            text=f"{locked.experiment.title}: stop asked for. {because}.",
            source=source,
            reason=because,
        )
        record(SYSTEM, "run.stop", locked, reason=because)
    run.stop_requested_at = locked.stop_requested_at
    return True
