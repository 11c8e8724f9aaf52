"""Pre-flight: dry questions to AWS before Go, each with its answer and its age.

The rehearsal is a FIS experiment with actionsMode skip-all: it resolves targets and
assumes roles but injects nothing (AWS FIS User Guide, "Target preview").
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from exercises.domain.actors import Actor
from exercises.domain.engine_values import Reading
from exercises.domain.errors import Conflict, EngineError, Invalid
from exercises.domain.exercise_phases import OVER, Phase
from exercises.domain.preflight_checks import ASKED, CHECKS, ask_again_at, standing
from exercises.engines.registry import engine
from exercises.models import Experiment, PreflightCheck, TargetPreview
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.queries.plans import definition_of
from exercises.queries.several_accounts import accounts_problems
from exercises.services import all_accounts
from exercises.services.audit import record
from exercises.services.preflight_questions import (
    Answer,
    ask,
    last_rehearsal,
    newest,
    rehearsal_answer,
    targets_answer,
)
from exercises.services.run_plan import schedule_run
from exercises.services.system import SYSTEM

log = logging.getLogger(__name__)


def preview_targets(*, actor: Actor, experiment: Experiment) -> TargetPreview:
    """What the definition would hit now, and the fleet it hits it in; kept with its age.

    An account that cannot be read gives a preview with a problem, not an exception:
    the page shows it where the targets would be.
    """
    authorize(actor, "experiment.preflight", experiment)
    return _preview(experiment)


def _preview(experiment: Experiment) -> TargetPreview:
    if experiment.revision is None:
        definition_of(experiment)  # says what is wrong with it
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
        return newest(experiment, database_now())
    except EngineError as error:
        log.info("probes.not_read", extra={"why": str(error)})
        return {}


def _look(
    experiment: Experiment, engine_name: str, definition: Mapping[str, object]
) -> TargetPreview:
    """Resolve targets and fleet with the read role. What AWS refuses becomes the problem."""
    if problems := accounts_problems(experiment):  # they fitted when the plan was written
        said = "; ".join(text for _, text in problems)
        return TargetPreview(problem=said[:500], resolved_at=database_now())
    places = experiment.places()
    targets: list[dict[str, object]] = []
    fleet: list[dict[str, object]] = []
    problem = ""
    try:
        hit = all_accounts.preview(engine(engine_name), places, definition)
        targets = [asdict(target) for target in hit]
        nodes = all_accounts.fleet(places, experiment.deployment.tag_value)
        fleet = [asdict(node) for node in nodes]
    except EngineError as error:
        problem = str(error)[:500]
    return TargetPreview(targets=targets, fleet=fleet, problem=problem, resolved_at=database_now())


def run_preflight(*, actor: Actor, experiment: Experiment) -> list[PreflightCheck]:
    """Ask every question now and rehearse. Raises NotAllowed, Conflict (nothing proposed)."""
    authorize(actor, "experiment.preflight", experiment)
    return _run(actor, experiment, ASKED)


def run_check(*, actor: Actor, experiment: Experiment, key: str) -> list[PreflightCheck]:
    """Ask one question again. Raises NotAllowed, Conflict, Invalid (no such check)."""
    authorize(actor, "experiment.preflight", experiment)
    if key not in ASKED:
        raise Invalid("check", f"one of {', '.join(ASKED)}")
    return _run(actor, experiment, (key,))


def repeat_check(*, check_id: int, fence: int) -> None:
    """Ask again what ages out before it is needed, or had no answer yet. Due work."""
    check = PreflightCheck.objects.filter(pk=check_id, fence=fence).first()
    if check is None:
        return
    experiment = Experiment.objects.with_all().get(pk=check.experiment_id)
    revision = experiment.revision
    if revision and revision.digest == check.digest and _is_needed(experiment):
        _store(experiment, _answers(experiment, (check.key,)), SYSTEM)
    else:
        PreflightCheck.objects.filter(pk=check_id, fence=fence).update(
            due_at=None, lease_until=None
        )


def _run(actor: Actor, experiment: Experiment, keys: Sequence[str]) -> list[PreflightCheck]:
    experiment = Experiment.objects.with_all().get(pk=experiment.pk)
    if experiment.status != "proposed" or experiment.revision is None:
        raise Conflict("only what is proposed has pre-flight checks")
    answers = _answers(experiment, keys)
    with transaction.atomic():
        _store(experiment, answers, actor)
        record(
            actor,
            "experiment.preflight",
            experiment,
            answers={answer.key: answer.status for answer in answers},
        )
    return list(experiment.preflight_checks.all())


def _is_needed(experiment: Experiment) -> bool:
    """Whether its Go is still ahead, or its slot."""
    if experiment.status != "proposed" or experiment.exercise.phase in OVER:
        return False
    return not experiment.runs.filter(is_rehearsal=False, asked_at__isnull=False).exists()


def _answers(experiment: Experiment, keys: Sequence[str]) -> list[Answer]:
    """The answers of AWS and of the database; the rehearsal is asked when they are stored."""
    found = []
    for key in keys:
        if key == "targets":
            found.append(targets_answer(experiment, _preview(experiment)))
        elif key == "rehearsal":
            found.append(Answer("rehearsal", "pending", "Under way."))
        else:
            found.append(ask(key, experiment))
    return found


def _store(experiment: Experiment, answers: Sequence[Answer], actor: Actor) -> None:
    """Write the answers down with the time at which each is asked again.

    While a new answer is awaited, a good one that has not aged out goes on counting.
    """
    assert experiment.revision is not None
    digest = experiment.revision.digest
    with transaction.atomic():
        now = database_now()
        rows = {row.key: row for row in experiment.preflight_checks.filter(digest=digest)}
        for answer in answers:
            kind, row = CHECKS[answer.key], rows.get(answer.key)
            if answer.key == "rehearsal":
                answer = _rehearsed(actor, experiment, row, now)
            if answer.key == "alarms" and actor.is_system:
                answer = _as_last_looked_at(answer, row)
            due_at = ask_again_at(kind, answer.status, window=experiment.exercise.window, now=now)
            if answer.status == "pending" and row and _counts(row, now):
                PreflightCheck.objects.filter(pk=row.pk).update(due_at=due_at, lease_until=None)
                continue
            PreflightCheck.objects.update_or_create(
                experiment=experiment,
                key=answer.key,
                defaults={
                    "label": kind.label,
                    "status": answer.status,
                    "message": answer.message[:500],
                    "digest": digest,
                    "seen": answer.seen,
                    "checked_at": now,
                    "due_at": due_at,
                    "lease_until": None,
                },
            )


def _as_last_looked_at(answer: Answer, row: PreflightCheck | None) -> Answer:
    """Asked again by itself, a check may age no change into an answer: alarms that are set
    otherwise than a person last saw them wait for a person."""
    if row is None or not row.seen or answer.seen in {"", row.seen}:
        return answer
    said = "An alarm is set otherwise than when a person last asked. Look at it and ask again."
    return Answer("alarms", "fail", said, seen=row.seen)


def _counts(row: PreflightCheck, now: datetime) -> bool:
    return standing(CHECKS[row.key], row.status, row.checked_at, now=now) in {"ok", "warn"}


def _rehearsed(
    actor: Actor, experiment: Experiment, row: PreflightCheck | None, now: datetime
) -> Answer:
    """What the rehearsal under way or just ended shows; else another one is scheduled."""
    last = last_rehearsal(experiment)
    if last is not None:
        answer = rehearsal_answer(experiment, last)
        is_news = row is None or row.status == "pending" or row.checked_at < last.created_at
        if answer.status == "pending" or is_news:
            return answer
    if Phase(experiment.exercise.phase) in {Phase.CLOSED, Phase.CANCELLED}:
        return Answer("rehearsal", "fail", "The exercise is over.")
    schedule_run(experiment=experiment, at=now, scheduled_by_id=actor.user_id, is_rehearsal=True)
    return Answer("rehearsal", "pending", "Under way.")
