"""Go for an experiment on its own that hits a zone of production: two people start it.

Its approved run waits, due at the end of its window. When a person of the team has said Go and
a safety officer has typed the experiment's code, it starts at its slot, or at once if that has
come. Without them it is skipped, with this as its reason. Called by web only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction

from exercises import hints
from exercises.domain.actors import Actor
from exercises.domain.errors import Refusal, Refused
from exercises.domain.run_states import RunState
from exercises.models import Experiment, GoPair, GoRequest, Run
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.queries.going_live import experiment_takes_two, own_pair, own_readiness
from exercises.queries.preflight import acknowledges_from
from exercises.queries.start_gate import refusals
from exercises.services.audit import record
from exercises.services.revisions import lock_experiment
from exercises.services.run_events import append_event, lock_run
from exercises.services.two_people import check_code, request_to_answer, say_first, say_second

FIRST: Final = "Somebody of the team"
_THE_PAIR_ITSELF: Final = frozenset({"run.not_due", "go.two_people"})


@dataclass(frozen=True, slots=True)
class _Ready:
    """The experiment under its lock, and its run that waits."""

    experiment: Experiment
    run: Run
    now: datetime


def say_own_go(*, actor: Actor, experiment: Experiment, session: str) -> GoRequest:
    """The first word; said again it starts anew.

    Raises NotAllowed, Refused (not needed, too early, or everything that holds the start).
    """
    authorize(actor, "experiment.go", experiment)
    with transaction.atomic():
        ready = _ready(experiment)
        locked = ready.experiment
        request = say_first(
            actor, locked.exercise, session, readiness=own_readiness(locked), now=ready.now
        )
        append_event(
            exercise=locked.exercise,
            run=ready.run,
            kind="experiment.go_said",
            text=f"{locked.title}: Go. A safety officer has 5 minutes to confirm it.",
            source=actor.name,
            author_id=actor.user_id,
        )
        record(actor, "experiment.go_said", locked, session=session, request=request.pk)
    return request


def confirm_own_go(*, actor: Actor, experiment: Experiment, code: str, session: str) -> GoPair:
    """The second word: it starts at its slot, or now when that has come.

    Raises NotAllowed, Refused (nobody said Go, too late, the same person or session, too many
    tries, what is ready has changed), Invalid (another code; it is counted).
    """
    exercise = experiment.exercise
    authorize(actor, "exercise.confirm_go", exercise)
    check_code(actor, exercise, session, code, experiment.code, first=FIRST)
    with transaction.atomic():
        ready = _ready(experiment)
        locked = ready.experiment
        pair = say_second(
            actor,
            request_to_answer(actor, locked.exercise, session, first=FIRST),
            session,
            readiness=own_readiness(locked),
            now=ready.now,
            experiment=locked,
            first=FIRST,
        )
        _give_its_instant(ready)
        append_event(
            exercise=locked.exercise,
            run=ready.run,
            kind="experiment.go",
            text=f"{locked.title}: Go, with {pair.lead.name}.",
            source=actor.name,
            author_id=actor.user_id,
        )
        record(
            actor,
            "experiment.go",
            locked,
            lead=pair.lead_id,
            lead_session=pair.lead_session,
            safety_session=session,
        )
        hints.wake_once_committed("exercises.tick")
    return pair


def _ready(experiment: Experiment) -> _Ready:
    """What the gate would refuse apart from the two words themselves is refused here."""
    locked = lock_experiment(experiment)
    exercise = locked.exercise
    if exercise.kind != "self_service" or not experiment_takes_two(locked):
        raise _no("go.not_needed", "It does not start by two people of its own.", "")
    run = locked.runs.filter(is_rehearsal=False, state=RunState.SCHEDULED.value).first()
    if run is None:
        raise _no("run.not_scheduled", "Nothing waits to be started.", "Have it approved first.")
    if own_pair(locked) is not None:
        raise _no("go.said", "Two people have said Go already.", "")
    now = database_now()
    if now < acknowledges_from(exercise):
        raise _no("go.too_early", "Its slot is more than an hour away.", "Come back then.")
    expected = _THE_PAIR_ITSELF | ({"window.outside"} if now < exercise.starts_at else set())
    held = refusals(lock_run(run.pk), now=now, target_count=None)
    in_the_way = [refusal for refusal in held if refusal.rule not in expected]
    if in_the_way:
        raise Refused(*in_the_way)
    return _Ready(locked, run, now)


def _give_its_instant(ready: _Ready) -> None:
    run = lock_run(ready.run.pk)
    run.scheduled_at = run.due_at = max(ready.experiment.exercise.starts_at, ready.now)
    run.lease_until = None
    run.save(update_fields=["scheduled_at", "due_at", "lease_until"])


def _no(rule: str, because: str, lifted_by: str) -> Refused:
    return Refused(Refusal(rule, because, lifted_by))
