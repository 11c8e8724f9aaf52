"""Write the demo's past as imported rows: marked as such, judged by the real rules.

Imported history is the one thing without a use case of its own, so these rows are written
directly. Every verdict comes from the readings by domain.verdicts, never from the data.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from exercises.domain.approvals import DecisionVerdict
from exercises.domain.capacities import Capacity
from exercises.domain.digest import plan_digest, plan_document
from exercises.domain.exercise_phases import Phase
from exercises.domain.recurrence import Occurrence
from exercises.domain.run_states import RunState
from exercises.domain.steady_state import SETTLE_S, probes_from_json
from exercises.domain.timeline import PlannedAction, planned_actions, planned_duration_s
from exercises.domain.verdicts import judge
from exercises.management.demo.findings import probe_row, write_finding
from exercises.management.demo.log import write_log
from exercises.management.demo.past import EDITIONS, PAST, PastRun
from exercises.management.demo.people import on_call_of, owner_of
from exercises.management.demo.programme import NAME, past_editions
from exercises.management.demo.readings import readings_of
from exercises.management.demo.told import Told
from exercises.management.demo.world import World
from exercises.models import (
    Decision,
    Exercise,
    Experiment,
    ExperimentRevision,
    Finding,
    Participation,
    Run,
    Sample,
    User,
)
from exercises.models.due_work import database_now
from exercises.queries.approvals import required_for
from exercises.queries.plans import plan_of
from exercises.services.audit import record
from exercises.services.system import SYSTEM

GO_AFTER = timedelta(minutes=6)
STARTS_IN = timedelta(seconds=3)


def seed_history(world: World) -> None:
    """The past editions, once; a later call finds them and does nothing."""
    if Exercise.objects.filter(is_imported=True).exists():
        return
    editions = past_editions(database_now(), count=EDITIONS)
    findings: dict[tuple[int, str], Finding] = {}
    with transaction.atomic():
        for months_back, edition in zip(range(EDITIONS, 0, -1), editions, strict=True):
            runs = [past for past in PAST if past.months_back == months_back]
            exercise = _exercise(world, edition, runs)
            told = [_tell(world, exercise, past, findings) for past in runs]
            write_log(world, exercise, told)
            for one in told:
                write_finding(world, one, findings)
            record(SYSTEM, "exercise.import", exercise, runs=len(told))


def _exercise(world: World, edition: Occurrence, runs: Iterable[PastRun]) -> Exercise:
    exercise = Exercise.objects.create(
        slug=f"{edition.local:%Y-%m}",
        name=f"{NAME} {edition.local:%B %Y}",
        programme=world.programme,
        goal=world.programme.goal,
        starts_at=edition.starts_at,
        ends_at=edition.ends_at,
        region=world.region,
        az=f"{world.region}a",
        lead=world.lead,
        safety_officer=world.safety_officer,
        phase=Phase.CLOSED.value,
        went_live_at=edition.starts_at + GO_AFTER,
        ended_at=edition.ends_at + timedelta(hours=1),
        is_imported=True,
    )
    for slug in dict.fromkeys(past.application for past in runs):
        application = world.applications[slug]
        Participation.objects.create(
            exercise=exercise,
            application=application,
            answer="accepted",
            on_call=on_call_of(application.team.slug),
            answered_by=world.people[owner_of(application.team.slug)],
            answered_at=edition.starts_at - timedelta(days=10),
        )
    return exercise


def _tell(
    world: World, exercise: Exercise, past: PastRun, findings: dict[tuple[int, str], Finding]
) -> Told:
    experiment, revision = _experiment(world, exercise, past)
    if past.retests is not None:
        experiment.retest_of = findings[past.retests, past.application]
        experiment.save(update_fields=["retest_of"])
    _decisions(world, experiment, revision)
    return _run(experiment, revision, past)


def _experiment(
    world: World, exercise: Exercise, past: PastRun
) -> tuple[Experiment, ExperimentRevision]:
    author = world.people[past.author]
    deployment = world.deployments[past.application, past.account]
    version = world.templates[past.template]
    experiment = Experiment.objects.create(
        exercise=exercise,
        application=deployment.application,
        deployment=deployment,
        template_version=version,
        title=past.title,
        hypothesis=version.hypothesis,
        parameters=dict(past.parameters),
        steady_state=deployment.steady_state,
        az=past.az,
        slot_offset_s=past.slot_min * 60,
        status="proposed",
        author=author,
        proposed_by=author,
        proposed_at=exercise.starts_at - timedelta(days=8),
        is_imported=True,
    )
    plan = plan_of(experiment)
    revision = ExperimentRevision.objects.create(
        experiment=experiment,
        number=1,
        digest=plan_digest(plan),
        plan=plan_document(plan),
        author=author,
    )
    experiment.revision = revision
    experiment.save(update_fields=["revision"])
    return experiment, revision


def _decisions(world: World, experiment: Experiment, revision: ExperimentRevision) -> None:
    exercise = experiment.exercise
    deciders: dict[Capacity, User] = {
        Capacity.SERVICE_OWNER: world.people[owner_of(experiment.application.team.slug)],
        Capacity.PROGRAMME_LEAD: world.lead,
        Capacity.SAFETY_OFFICER: world.safety_officer,
    }
    needed = required_for(experiment)
    Decision.objects.bulk_create(
        Decision(
            experiment=experiment,
            digest=revision.digest,
            verdict=DecisionVerdict.APPROVE.value,
            capacity=capacity.value,
            decided_by=deciders[capacity],
            decided_at=exercise.starts_at - timedelta(days=7 - days),
            valid_until=exercise.ends_at,
            is_imported=True,
        )
        for days, capacity in enumerate(needed)
    )


def _run(experiment: Experiment, revision: ExperimentRevision, past: PastRun) -> Told:
    definition = revision.plan["definition"]
    went_live = experiment.exercise.starts_at + GO_AFTER
    scheduled_at = went_live + timedelta(seconds=experiment.slot_offset_s)
    started_at = scheduled_at + STARTS_IN
    planned_min = planned_duration_s(definition) / 60
    lasts_min = planned_min if past.stopped_after_min is None else past.stopped_after_min
    ended_at = started_at + timedelta(minutes=lasts_min)
    settled_at = ended_at + timedelta(seconds=SETTLE_S)
    specs = probes_from_json(experiment.steady_state)
    readings = readings_of(
        specs,
        behaviour=past.behaviour,
        started_at=started_at,
        outage_min=min(lasts_min, float(str(past.parameters.get("outage_min", planned_min)))),
        lasts_min=lasts_min,
        is_production=experiment.deployment.place.account.is_production,
        seed=f"{past.months_back}/{past.application}",
    )
    is_stopped = past.stopped_after_min is not None
    judgement = judge(
        specs,
        readings,
        fault_started_at=started_at,
        settled_at=settled_at,
        speed=1,
        engine_failed=False,
        stopped_early=is_stopped,
    )
    actions = planned_actions(definition)
    run_id = uuid.uuid4()
    run = Run.objects.create(
        id=run_id,
        experiment=experiment,
        revision=revision,
        state=(RunState.STOPPED if is_stopped else RunState.COMPLETED).value,
        token=f"imported-{run_id}",
        scheduled_at=scheduled_at,
        asked_at=scheduled_at,
        started_at=started_at,
        ended_at=ended_at,
        stop_requested_at=ended_at - STARTS_IN if is_stopped else None,
        stop_requested_by=experiment.author if is_stopped else None,
        settle_until=settled_at,
        actions=[_action_row(action, started_at, ended_at) for action in actions],
        verdict=judgement.verdict.value,
        verdict_reason=judgement.reason,
        judgement={"probes": [probe_row(probe) for probe in judgement.probes]},
        judged_at=settled_at,
        scheduled_by=experiment.exercise.lead,
        is_imported=True,
    )
    Sample.objects.bulk_create(
        Sample(run=run, probe=reading.probe, at=reading.at, value=reading.value)
        for of_probe in readings.values()
        for reading in of_probe
    )
    return Told(past, run, started_at, ended_at, settled_at, actions, readings, judgement)


def _action_row(
    action: PlannedAction, started_at: datetime, ended_at: datetime
) -> dict[str, object]:
    begins = started_at + timedelta(seconds=action.offset_s)
    ends = started_at + timedelta(seconds=action.ends_s)
    status = "completed" if ends <= ended_at else "stopped"
    if begins > ended_at:
        return _row(action, "cancelled", None, None)
    return _row(action, status, begins, min(ends, ended_at))


def _row(
    action: PlannedAction, status: str, begins: datetime | None, ends: datetime | None
) -> dict[str, object]:
    return {
        "name": action.name,
        "action_id": action.action_id,
        "status": status,
        "reason": "",
        "started_at": begins.isoformat() if begins else None,
        "ended_at": ends.isoformat() if ends else None,
    }
