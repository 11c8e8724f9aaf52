"""One exercise with every worked example in it, from the first proposal to the last verdict."""

from __future__ import annotations

import time
from datetime import timedelta

from django.db.models import QuerySet

from exercises.domain.exercise_phases import Phase
from exercises.management.demo.drill import allow, plan_drill
from exercises.management.demo.people import LEAD, SAFETY, on_call_of, owner_of
from exercises.management.demo.planned import approve_planned, propose_planned
from exercises.management.demo.world import World
from exercises.models import Exercise, Experiment, LadderOverride, PreflightCheck, Run
from exercises.models.due_work import database_now
from exercises.queries.going_live import any_takes_two
from exercises.queries.readiness import readiness_of, ready_experiments
from exercises.services.exercises import move_exercise
from exercises.services.go_live import confirm_go, go_live, say_go
from exercises.services.mentoring import override_ladder
from exercises.services.preflight import run_check, run_preflight
from exercises.services.taking_part import acknowledge, answer_poll
from tests.scenarios.table import EXAMPLES
from tests.stop_matrix.installation import until

READY_WITHIN_S = 180.0
SOON = timedelta(seconds=15)
"""Everything is proposed by then: nothing is once the window is open."""


def play(world: World) -> dict[str, Run]:
    """The judged run of each example, by its name."""
    exercise, proposed = _prepared(world)
    _get_ready(world, exercise)
    _go(world, exercise)
    runs = Run.objects.filter(experiment__exercise=exercise, is_rehearsal=False)
    open_runs = runs.filter(judged_at__isnull=True).order_by("scheduled_at")
    try:
        until(lambda: not open_runs.exists(), "every verdict", 120)
    except RuntimeError as waited:
        told = open_runs.values_list("experiment__title", "state", "state_reason")
        raise RuntimeError(f"{waited}; {list(told)}") from waited
    return {name: runs.get(experiment=experiment) for name, experiment in proposed.items()}


def _prepared(world: World) -> tuple[Exercise, dict[str, Experiment]]:
    lead = world.actor(LEAD)
    _allowed(world)
    exercise = plan_drill(world, opens_in=SOON, also=("mqtt-broker",))
    proposed = {
        example.name: propose_planned(world, exercise, example.planned) for example in EXAMPLES
    }
    exercise = move_exercise(actor=lead, exercise=exercise, to=Phase.APPROVE)
    for example in EXAMPLES:
        experiment = proposed[example.name]
        owner = owner_of(experiment.application.team.slug)
        officer = [SAFETY] if experiment.template_version.rung >= 3 else []
        approve_planned(world, experiment, [owner, LEAD, *officer])
    exercise = move_exercise(actor=lead, exercise=exercise, to=Phase.PREFLIGHT)
    for experiment in proposed.values():
        experiment.refresh_from_db()
        run_preflight(actor=lead, experiment=experiment)
    for participation in exercise.participations.filter(answer="accepted"):
        team = participation.application.team.slug
        acknowledge(actor=world.actor(on_call_of(team)), participation=participation)
        answer_poll(actor=world.actor(owner_of(team)), participation=participation, is_go=True)
    return exercise, proposed


def _allowed(world: World) -> None:
    """As in the demo, and for the broker, whose runs of past months are not here."""
    allow(world)
    broker = world.applications["mqtt-broker"]
    if not LadderOverride.objects.filter(application=broker).exists():
        override_ladder(
            actor=world.actor(LEAD),
            application=broker,
            family="az-power",
            level=5,
            reason="Its runs of past months are not here.",
            valid_until=database_now() + timedelta(days=1),
        )


def _get_ready(world: World, exercise: Exercise) -> None:
    """Wait for the answers of pre-flight; a no is asked again, as its team would."""
    end = time.monotonic() + READY_WITHIN_S
    while not _is_ready(exercise):
        if time.monotonic() > end:
            print(*_open(exercise), sep="\n", flush=True)
            raise RuntimeError(f"not ready for Go after {READY_WITHIN_S:g} s")
        time.sleep(1)
        for check in _checks(exercise).filter(status="fail"):
            print(f"asked again: {_said(check)}", flush=True)
            run_check(actor=world.actor(LEAD), experiment=check.experiment, key=check.key)


def _is_ready(exercise: Exercise) -> bool:
    exercise.refresh_from_db()
    return database_now() >= exercise.starts_at and not _open(exercise)


def _open(exercise: Exercise) -> list[str]:
    """What keeps the exercise, or one of its experiments, from going live."""
    now = database_now()
    items = [
        f"{item.label}: {item.detail}" for item in readiness_of(exercise, now=now) if item.blocks
    ]
    return items + [_said(check) for check in _checks(exercise).exclude(status="ok")]


def _checks(exercise: Exercise) -> QuerySet[PreflightCheck]:
    """Those of the experiments that are not ready."""
    ready = [experiment.pk for experiment in ready_experiments(exercise, now=database_now())]
    checks = PreflightCheck.objects.filter(experiment__exercise=exercise)
    return checks.exclude(experiment__in=ready).select_related("experiment")


def _said(check: PreflightCheck) -> str:
    return f"{check.experiment.title}: {check.label}: {check.status} {check.message}"


def _go(world: World, exercise: Exercise) -> None:
    lead, officer = world.actor(LEAD), world.actor(SAFETY)
    if any_takes_two(ready_experiments(exercise, now=database_now())):
        say_go(actor=lead, exercise=exercise, session="of the lead")
        confirm_go(
            actor=officer, exercise=exercise, code=exercise.code, session="of the safety officer"
        )
    else:
        go_live(actor=lead, exercise=exercise)
