"""A second exercise of the demo: builds, content moderation, functions and a database, each with
a flaw to find. Its experiments are proposed and wait for their approvals.

Called by demo_data; tests/scenarios runs the same experiments, flawed and fixed.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Final

from exercises.domain.exercise_phases import OVER, Phase
from exercises.domain.ladder import Level
from exercises.management.demo.people import LEAD
from exercises.management.demo.planned import Planned, invite_and_accept, propose_planned
from exercises.management.demo.probes import database_probes, gateway_probes
from exercises.management.demo.programme import RULE
from exercises.management.demo.world import World
from exercises.models import Exercise
from exercises.models.due_work import database_now
from exercises.services.cancel import cancel_exercise
from exercises.services.exercises import move_exercise, plan_exercise
from exercises.services.mentoring import override_ladder

NAME: Final = "Cloud services drill"
OPENS_IN: Final = timedelta(minutes=2)
LASTS: Final = timedelta(hours=12)
ENOUGH_LEFT: Final = timedelta(hours=1)
ALLOWED_FOR: Final = timedelta(days=60)

BUILDS: Final = Planned(
    application="build-platform",
    account="platform-prod",
    template="az-power-interruption",
    title="One zone of the build platform without power",
    author="Developer platform engineer",
    slot_min=0,
    target_cap=6,
    hypothesis="If one Availability Zone loses power, then builds find their caches again within "
    "6 minutes.",
    parameters={"outage_min": 25, "recovery_min": 3},
)
TASK_ENDS: Final = Planned(
    application="content-moderation",
    account="platform-prod",
    template="ecs-stop-tasks",
    title="One task of the image model ends",
    author="Moderation engineer",
    slot_min=0,
    target_cap=1,
    hypothesis="If the only task of a model ends, then another takes its place and every request "
    "is answered within 5 minutes.",
    parameters={"cluster": "content-moderation", "service": "classify-image"},
)
TASK_SILENT: Final = Planned(
    application="content-moderation",
    account="platform-prod",
    template="ecs-task-cut-off",
    title="The text model answers nobody",
    author="Moderation engineer",
    slot_min=20,
    target_cap=1,
    hypothesis="If a model does not answer for 8 minutes, then requests go on without it and are "
    "answered within 5 minutes.",
    parameters={"minutes": 8, "cluster": "content-moderation", "service": "classify-text"},
)
FUNCTIONS_LATE: Final = Planned(
    application="media-search",
    account="platform-prod",
    template="lambda-latency",
    title="Some functions begin a second late",
    author="Media engineer",
    slot_min=0,
    target_cap=3,
    hypothesis="If 4 % of the invocations begin a second late, then callers get 99.5 % of their "
    "answers again within a minute.",
    parameters={"minutes": 6, "percent": 4},
)
FUNCTIONS_FAIL: Final = Planned(
    application="media-search",
    account="platform-prod",
    template="lambda-errors",
    title="Some functions fail",
    author="Media engineer",
    slot_min=24,
    target_cap=3,
    hypothesis="If 4 % of the invocations fail, then callers get 99.5 % of their answers again "
    "within a minute.",
    parameters={"minutes": 6, "percent": 4},
)
WRITER_MOVES: Final = Planned(
    application="charging-sessions",
    account="platform-prod",
    template="aurora-failover",
    title="The writer of the charging database moves",
    author="Charging engineer",
    slot_min=0,
    target_cap=1,
    hypothesis="If the database writer moves, then writes are taken again within 2 minutes.",
    steady_state=database_probes(),
)
NO_TASKS: Final = Planned(
    application="content-moderation",
    account="platform-prod",
    template="ecs-no-tasks",
    title="The image model has no tasks",
    author="Moderation engineer",
    slot_min=52,
    target_cap=1,
    hypothesis="If a model has no tasks, then it is scaled back to one, and every request is "
    "answered within 5 minutes.",
    recheck_after_min=30,
)
ATTACK: Final = Planned(
    application="content-moderation",
    account="platform-prod",
    template="gateway-attack",
    title="Strangers attack the gateway",
    author="Moderation engineer",
    slot_min=74,
    target_cap=1,
    hypothesis="If strangers call with false tokens, then they are refused, and the gateway is "
    "without errors again within a minute.",
    parameters={
        "gateway": os.environ.get("AWS_ENDPOINT_URL", ""),
        "path": "/simulator/gateway/content-moderation",
    },
    steady_state=gateway_probes(),
)
THREE_PARAMETERS: Final = Planned(
    application="media-search",
    account="platform-prod",
    template="lambda-parameter-faults",
    title="Functions go wrong by their parameters",
    author="Media engineer",
    slot_min=48,
    target_cap=3,
    hypothesis="If 4 % of the invocations fail, are late or answer with an error, then callers "
    "get 99.5 % of their answers again within a minute.",
)
EXPERIMENTS: Final = (
    BUILDS, TASK_ENDS, TASK_SILENT, FUNCTIONS_LATE, FUNCTIONS_FAIL, WRITER_MOVES,
    NO_TASKS, ATTACK, THREE_PARAMETERS,
)  # fmt: skip


def seed_drill(world: World) -> Exercise:
    """A drill whose window is open or will be: the one that is there, else a new one."""
    now = database_now()
    for exercise in Exercise.objects.filter(name__startswith=NAME).exclude(phase__in=OVER):
        if exercise.ends_at > now + ENOUGH_LEFT or exercise.phase == Phase.LIVE.value:
            return exercise
        reason = "The demo was started again."
        cancel_exercise(actor=world.actor(LEAD), exercise=exercise, reason=reason)
    allow(world)
    exercise = plan_drill(world, opens_in=OPENS_IN)
    for planned in EXPERIMENTS:
        propose_planned(world, exercise, planned)
    return move_exercise(actor=world.actor(LEAD), exercise=exercise, to=Phase.APPROVE)


def plan_drill(world: World, *, opens_in: timedelta, also: tuple[str, ...] = ()) -> Exercise:
    """A window for everybody whose service is in it."""
    starts_at = database_now() + opens_in
    number = Exercise.objects.filter(name__startswith=NAME).count() + 1
    exercise = plan_exercise(
        actor=world.actor(LEAD),
        slug=f"drill-{number}",
        name=f"{NAME} {number}",
        starts_at=starts_at,
        ends_at=starts_at + LASTS,
        timezone=RULE.timezone,
        region=world.region,
        az=f"{world.region}a",
        lead=world.lead,
        safety_officer=world.safety_officer,
        goal="See whether builds, moderation, media search and charging carry on when what they "
        "run on fails for a while.",
    )
    slugs = [planned.application for planned in EXPERIMENTS]
    invite_and_accept(world, exercise, list(dict.fromkeys([*slugs, *also])))
    exercise.refresh_from_db()
    return exercise


def allow(world: World) -> None:
    """The ladder asks for runs before production that these services never had; the lead says
    why they may go on all the same."""
    for planned in EXPERIMENTS:
        application = world.applications[planned.application]
        family = world.templates[planned.template].template.failure_family
        if application.ladder_overrides.filter(failure_family=family).exists():
            continue
        override_ladder(
            actor=world.actor(LEAD),
            application=application,
            family=family,
            level=Level.PRODUCTION_ZONE,
            reason="There is no pre-production of it: its team watches while it runs.",
            valid_until=database_now() + ALLOWED_FOR,
        )
