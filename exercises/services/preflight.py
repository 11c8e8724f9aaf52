"""Pre-flight: dry questions to AWS before Go, each with its answer and its age.

The rehearsal is a FIS experiment with actionsMode skip-all: it resolves targets and
assumes roles but injects nothing (AWS FIS User Guide, "Target preview").
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from exercises.aws.alarms import alarm_states
from exercises.aws.fleet import application_nodes
from exercises.aws.permissions_check import check_roles
from exercises.domain.actors import Actor
from exercises.domain.engine_values import Reading
from exercises.domain.errors import Conflict, EngineError
from exercises.domain.exercise_phases import Phase
from exercises.domain.freezes import freezes_touching
from exercises.domain.steady_state import probes_from_json
from exercises.engines.registry import engine
from exercises.models import Experiment, PreflightCheck, Run, TargetPreview
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.probes.cloudwatch import newest_readings
from exercises.queries.plans import definition_of
from exercises.queries.readiness import freeze_facts
from exercises.services.audit import record
from exercises.services.run_plan import schedule_run

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """One check: its key, the question, ok / warn / fail, and what was seen."""

    key: str
    label: str
    status: str
    message: str = ""


def preview_targets(*, actor: Actor, experiment: Experiment) -> TargetPreview:
    """What the definition would hit now, and the fleet it hits it in; kept with its age.

    An account that cannot be read gives a preview with a problem, not an exception:
    the page shows it where the targets would be.
    """
    authorize(actor, "experiment.preflight", experiment)
    if experiment.revision is None:
        raise Conflict("finish the experiment first: it has no plan to resolve yet")
    plan = experiment.revision.plan
    seen = _look(experiment, plan["engine"], plan["definition"])
    preview, _ = TargetPreview.objects.update_or_create(
        experiment=experiment,
        defaults={
            "digest": experiment.revision.digest,
            "targets": seen.targets,
            "fleet": seen.fleet,
            "problem": seen.problem,
            "resolved_at": seen.resolved_at,
        },
    )
    return preview


def preview_unsaved(*, actor: Actor, experiment: Experiment) -> TargetPreview:
    """The same for a form that is being filled in; nothing is kept.

    Raises NotAllowed, and Invalid while the parameters do not make a definition.
    """
    authorize(actor, "experiment.propose", experiment.application)
    engine_name = experiment.template_version.template.engine
    return _look(experiment, engine_name, definition_of(experiment))


def read_now(*, actor: Actor, experiment: Experiment) -> Mapping[str, Reading | None]:
    """The newest reading of each probe by its key, for a form that is being filled in.

    An account that does not answer has no readings. Raises NotAllowed, and Invalid while the
    probes cannot be read.
    """
    authorize(actor, "experiment.propose", experiment.application)
    try:
        return _newest(experiment, database_now())
    except EngineError as error:
        log.info("probes.not_read", extra={"why": str(error)})
        return {}


def _newest(experiment: Experiment, now: datetime) -> Mapping[str, Reading | None]:
    return newest_readings(
        experiment.deployment.place.access,
        probes_from_json(experiment.steady_state),
        until=now,
        speed=settings.CHAOSPLANE_TIME_SPEED,
    )


def _look(
    experiment: Experiment, engine_name: str, definition: Mapping[str, object]
) -> TargetPreview:
    """Resolve targets and fleet with the read role. What AWS refuses becomes the problem."""
    access = experiment.deployment.place.access
    targets: list[dict[str, object]] = []
    fleet: list[dict[str, object]] = []
    problem = ""
    try:
        targets = [asdict(target) for target in engine(engine_name).preview(access, definition)]
        nodes = application_nodes(access, experiment.deployment.tag_value)
        fleet = [asdict(node) for node in nodes]
    except EngineError as error:
        problem = str(error)[:500]
    return TargetPreview(targets=targets, fleet=fleet, problem=problem, resolved_at=database_now())


def run_preflight(*, actor: Actor, experiment: Experiment) -> list[PreflightCheck]:
    """Ask every question now and rehearse. Raises NotAllowed, Conflict (nothing proposed)."""
    authorize(actor, "experiment.preflight", experiment)
    if experiment.status != "proposed" or experiment.revision is None:
        raise Conflict("only what is proposed has pre-flight checks")
    preview = preview_targets(actor=actor, experiment=experiment)
    answers = list(_answers(experiment, preview, database_now()))
    with transaction.atomic():
        now = database_now()
        for answer in answers:
            PreflightCheck.objects.update_or_create(
                experiment=experiment,
                key=answer.key,
                defaults={
                    "label": answer.label,
                    "status": answer.status,
                    "message": answer.message[:500],
                    "digest": experiment.revision.digest,
                    "checked_at": now,
                },
            )
        _rehearse(actor, experiment, now)
        record(
            actor,
            "experiment.preflight",
            experiment,
            answers={answer.key: answer.status for answer in answers},
        )
    return list(experiment.preflight_checks.all())


def _rehearse(actor: Actor, experiment: Experiment, now: datetime) -> Run | None:
    """Schedule one rehearsal, unless one is under way."""
    if Phase(experiment.exercise.phase) in {Phase.CLOSED, Phase.CANCELLED}:
        return None
    if Run.objects.unfinished().filter(experiment=experiment, is_rehearsal=True).exists():
        return None
    return schedule_run(
        experiment=experiment, at=now, scheduled_by_id=actor.user_id, is_rehearsal=True
    )


def _answers(experiment: Experiment, preview: TargetPreview, now: datetime) -> Iterator[Answer]:
    access = experiment.deployment.place.access
    for purpose, ok, message in check_roles(access):
        yield Answer(f"role.{purpose}", f"Role to {purpose} can be assumed", _status(ok), message)
    yield _targets_answer(experiment, preview)
    yield _freeze_answer(experiment)
    yield from _guarded("alarms", "Automatic stop is armed", _alarm_answer, experiment)
    yield from _guarded("probes", "Probes are fresh", _probe_answer, experiment, now)


def _guarded(key: str, label: str, ask, *args) -> Iterator[Answer]:  # type: ignore[no-untyped-def]
    """A question AWS would not answer is answered with fail and AWS's words."""
    try:
        yield ask(*args)
    except EngineError as error:
        yield Answer(key, label, "fail", str(error))


def _targets_answer(experiment: Experiment, preview: TargetPreview) -> Answer:
    label = "Targets resolve and stay under the limit"
    if preview.problem:
        return Answer("targets", label, "fail", preview.problem)
    count = len({target["arn"] for target in preview.targets})
    if count == 0:
        return Answer("targets", label, "fail", "Nothing would be hit.")
    ok = count <= experiment.target_cap
    return Answer("targets", label, _status(ok), f"{count} of at most {experiment.target_cap}")


def _freeze_answer(experiment: Experiment) -> Answer:
    place = experiment.deployment.place
    hits = freezes_touching(
        freeze_facts(),
        experiment.exercise.window,
        environment=place.account.environment,
        account_id=place.account.account_id,
        team_id=experiment.application.team_id,
    )
    names = ", ".join(freeze.name for freeze in hits)
    return Answer("freeze", "No freeze in the window", _status(not hits), names)


def _alarm_answer(experiment: Experiment) -> Answer:
    label = "Automatic stop is armed"
    arns = experiment.deployment.alarm_arns
    if not arns:
        return Answer("alarms", label, "fail", "No alarm is named for this deployment.")
    alarms = alarm_states(experiment.deployment.place.access, arns)
    missing = len(arns) - len(alarms)
    not_ok = [f"{alarm.name} is {alarm.state}" for alarm in alarms if alarm.state != "OK"]
    if missing:
        not_ok.append(f"{missing} not found")
    if not_ok:
        return Answer("alarms", label, "fail", "; ".join(not_ok))
    return Answer("alarms", label, "ok", ", ".join(alarm.name for alarm in alarms))


def _probe_answer(experiment: Experiment, now: datetime) -> Answer:
    specs = probes_from_json(experiment.steady_state)
    newest = _newest(experiment, now)
    silent = [spec.name for spec in specs if newest.get(spec.key) is None]
    return Answer(
        "probes",
        "Probes are fresh",
        _status(not silent),
        f"No data from {', '.join(silent)}" if silent else f"{len(specs)} probes report",
    )


def _status(ok: bool) -> str:
    return "ok" if ok else "fail"
