"""The questions of pre-flight, asked of AWS and of the database. Called by services.preflight,
without a transaction. Nothing here injects or changes anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from exercises.aws.alarms import alarm_states, settings_digest
from exercises.aws.permissions_check import check_role
from exercises.aws.safety_lever import ENGAGED, lever_status
from exercises.aws.sessions import Purpose
from exercises.domain.engine_values import Reading
from exercises.domain.errors import EngineError
from exercises.domain.preflight_checks import CHECKS
from exercises.domain.probe_sources import JUDGEMENT
from exercises.domain.run_states import TERMINAL, RunState
from exercises.domain.steady_state import probes_from_json
from exercises.domain.stop_alarms import alarm_problems, stop_alarms
from exercises.engines.registry import engine
from exercises.models import Experiment, Run, TargetPreview
from exercises.models.due_work import database_now
from exercises.probes import registry
from exercises.queries.freezes import freezes_holding
from exercises.queries.ladder import ladder_answer
from exercises.queries.policy_checks import conflict
from exercises.queries.start_gate import levers_engaged
from exercises.services.asking import asking


@dataclass(frozen=True, slots=True)
class Answer:
    """One check: its key, ok / warn / fail / pending, and what was seen.

    `seen` is a digest of what the start gate asks to be the very same at the start.
    """

    key: str
    status: str
    message: str = ""
    seen: str = ""

    @property
    def label(self) -> str:
        return CHECKS[self.key].label


def ask(key: str, experiment: Experiment) -> Answer:
    """One question; what AWS would not answer is a fail in AWS's words."""
    try:
        if key == "alarms":
            return _alarms_answer(experiment)
        status, message = _QUESTIONS[key](experiment)
    except EngineError as error:
        return Answer(key, "fail", str(error))
    return Answer(key, status, message)


def targets_answer(experiment: Experiment, preview: TargetPreview) -> Answer:
    """What the definition would hit now, against the limit that is approved."""
    if preview.problem:
        return Answer("targets", "fail", preview.problem)
    count = len({target["arn"] for target in preview.targets})
    return Answer("targets", *_counted(count, experiment))


def rehearsal_answer(experiment: Experiment, rehearsal: Run) -> Answer:
    """What the rehearsal showed, once it has ended and its targets were read."""
    state = RunState(rehearsal.state)
    if state not in TERMINAL or (state is RunState.COMPLETED and not rehearsal.archive):
        return Answer("rehearsal", "pending", "Under way.")
    if state is not RunState.COMPLETED:
        return Answer("rehearsal", "fail", rehearsal.state_reason or f"It {state.value}.")
    count = rehearsal.targets.values("arn").distinct().count()
    return Answer("rehearsal", *_counted(count, experiment))


def last_rehearsal(experiment: Experiment) -> Run | None:
    """The newest rehearsal of exactly the present content."""
    return (
        experiment.runs.filter(is_rehearsal=True, revision=experiment.revision)
        .order_by("-created_at")
        .first()
    )


def newest(experiment: Experiment, now: datetime) -> Mapping[str, Reading | None]:
    """The newest reading of each probe. Raises EngineError."""
    return registry.newest(
        asking(experiment.deployment.place, until=now), probes_from_json(experiment.steady_state)
    )


def _counted(count: int, experiment: Experiment) -> tuple[str, str]:
    if count == 0:
        return "fail", "Nothing would be hit."
    return _status(count <= experiment.target_cap), f"{count} of at most {experiment.target_cap}"


def _role(purpose: Purpose) -> Callable[[Experiment], tuple[str, str]]:
    def ask_role(experiment: Experiment) -> tuple[str, str]:
        answers = [check_role(place.access, purpose) for place in experiment.places()]
        not_ok = [message for ok, message in answers if not ok]
        return _status(not not_ok), "; ".join(not_ok or [message for _, message in answers])

    return ask_role


def _undo(experiment: Experiment) -> tuple[str, str]:
    rehearsal = last_rehearsal(experiment)
    if rehearsal is None or RunState(rehearsal.state) not in TERMINAL:
        return "pending", "Tried when the rehearsal has ended."
    if not rehearsal.experiment_ref:
        return "fail", "The rehearsal did not start, so there is nothing to try it on."
    chosen = engine(rehearsal.revision.plan["engine"])
    ok, message = chosen.try_stop(experiment.deployment.place.access, rehearsal.experiment_ref)
    return _status(ok), message


def _alarms_answer(experiment: Experiment) -> Answer:
    """How the alarms of the approved definition are, and what is set on them."""
    assert experiment.revision is not None
    arns = stop_alarms(experiment.revision.plan["definition"])
    if not arns:
        return Answer("alarms", "fail", "No alarm stops this experiment.")
    alarms = alarm_states(experiment.deployment.place.access, arns)
    not_ok = [problem.message for problem in alarm_problems(arns, alarms)]
    said = "; ".join(not_ok) or ", ".join(alarm.name for alarm in alarms)
    return Answer("alarms", _status(not not_ok), said, seen=settings_digest(alarms))


def _probes(experiment: Experiment) -> tuple[str, str]:
    steady_state = probes_from_json(experiment.steady_state)
    specs = [spec for spec in steady_state if spec.kind != JUDGEMENT]  # said in the room
    found = newest(experiment, database_now())
    silent = [spec.name for spec in specs if found.get(spec.key) is None]
    said = f"No data from {', '.join(silent)}" if silent else f"{len(specs)} probes report"
    return _status(not silent), said


def _lever(experiment: Experiment) -> tuple[str, str]:
    places = experiment.places()
    if stopped := levers_engaged(places):
        return "fail", f"A Stop of the whole account is in force: {', '.join(stopped)}."
    found = [(place, lever_status(place.access)) for place in places]
    said = [f"In {place} it is {status}." for place, status in found if status in ENGAGED]
    return ("fail", " ".join(said)) if said else ("ok", f"It is {found[0][1]}.")


def _ladder(experiment: Experiment) -> tuple[str, str]:
    answer = ladder_answer(experiment, now=database_now())
    return answer.status, answer.detail


def _freeze(experiment: Experiment) -> tuple[str, str]:
    hits = freezes_holding(experiment, experiment.exercise.window, now=database_now())
    return _status(not hits), ", ".join(freeze.name for freeze in hits)


def _conflict(experiment: Experiment) -> tuple[str, str]:
    found = conflict(experiment)
    return ("ok", "") if found.status == "ok" else (found.status, found.detail or found.label)


def _status(ok: bool) -> str:
    return "ok" if ok else "fail"


_QUESTIONS: Final[Mapping[str, Callable[[Experiment], tuple[str, str]]]] = {
    "role.read": _role(Purpose.READ),
    "role.start": _role(Purpose.START),
    "role.stop": _role(Purpose.STOP),
    "undo": _undo,
    "probes": _probes,
    "lever": _lever,
    "freeze": _freeze,
    "ladder": _ladder,
    "conflict": _conflict,
}
