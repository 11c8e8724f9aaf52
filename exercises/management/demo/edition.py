"""The edition of today: planned, proposed, approved and checked, so that Go can be said.

Everything here goes through the use cases that people use, with their rights.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from exercises.domain.exercise_phases import OVER, Phase
from exercises.management.demo.people import LEAD, SAFETY, on_call_of, owner_of
from exercises.management.demo.planned import (
    Planned,
    approve_planned,
    invite_and_accept,
    propose_planned,
)
from exercises.management.demo.programme import NAME, RULE
from exercises.management.demo.world import World
from exercises.models import Exercise, Run
from exercises.models.due_work import database_now
from exercises.services.cancel import cancel_exercise
from exercises.services.exercises import move_exercise, plan_exercise
from exercises.services.preflight import preview_targets, run_preflight
from exercises.services.sentinel import beat_until_seen
from exercises.services.stop import stop_all
from exercises.services.taking_part import acknowledge, answer_poll

# Proposals must lie ahead of the window, so it opens once they are all in.
OPENS_IN: Final = timedelta(seconds=8)
LASTS: Final = timedelta(hours=12)
ENOUGH_LEFT: Final = timedelta(hours=1)
_WORDS: Final = ("", "", "second", "third", "fourth", "fifth", "sixth")

# Accepted, with who is on call; the configurator is left for its owner to answer.
TAKE_PART: Final = ("mqtt-broker", "charging-sessions", "ci-runners", "identity-tokens")
SILENT: Final = ("ci-runners",)
WATCH: Final = ("car-configurator", "media-catalogue")


EXPERIMENTS: Final = (
    Planned(
        application="mqtt-broker",
        account="telemetry-prod",
        template="az-power-interruption",
        title="One zone of the broker without power",
        author="Telemetry engineer",
        slot_min=0,
        target_cap=12,
        hypothesis="If one Availability Zone loses power, then the brokers of the other two "
        "stay one cluster and deliver at least 99.5 % of the messages again within 2 minutes.",
        approvals=("Telemetry service owner", LEAD, SAFETY),
        parameters={"outage_min": 30},
    ),
    Planned(
        application="charging-sessions",
        account="platform-prod",
        template="stop-one-instance",
        title="Stop one session server",
        author="Charging engineer",
        slot_min=10,
        target_cap=1,
        hypothesis="If one session server stops, then drivers notice nothing: availability is "
        "back above 99 % within 5 minutes.",
        approvals=("Charging owner", LEAD),
        parameters={"stop_min": 10},
    ),
    Planned(
        application="ci-runners",
        account="platform-prod",
        template="az-power-interruption",
        title="One zone of the runners without power",
        author="Developer platform engineer",
        slot_min=50,
        target_cap=6,
        hypothesis="If one Availability Zone loses power, then builds go on with the runners "
        "of the other two and availability is back above 99 % within 5 minutes.",
        approvals=(LEAD,),
        parameters={"outage_min": 15},
    ),
    Planned(
        application="identity-tokens",
        account="platform-prod",
        template="stop-one-instance",
        title="Stop one token server, third try",
        author="Identity engineer",
        slot_min=75,
        target_cap=1,
        hypothesis="If one token server stops, then sign-in is fast again within 5 minutes.",
        is_draft=True,
    ),
)


def seed_edition(world: World) -> Exercise:
    """An edition that waits for Go: the one that is there, else a new one."""
    now = database_now()
    ours = Exercise.objects.filter(
        programme=world.programme, schedule__isnull=True, is_imported=False
    ).exclude(phase__in=OVER)
    for exercise in ours.order_by("-starts_at"):
        if exercise.phase == Phase.PREFLIGHT.value and exercise.ends_at > now + ENOUGH_LEFT:
            return exercise
        _leave(world, exercise)
    exercise = _plan(world)
    experiments = [propose_planned(world, exercise, planned) for planned in EXPERIMENTS]
    lead = world.actor(LEAD)
    move_exercise(actor=lead, exercise=exercise, to=Phase.APPROVE)
    for planned, experiment in zip(EXPERIMENTS, experiments, strict=True):
        approve_planned(world, experiment, planned.approvals)
    exercise = move_exercise(actor=lead, exercise=exercise, to=Phase.PREFLIGHT)
    for experiment in experiments:
        experiment.refresh_from_db()
        if experiment.status == "proposed":
            # The sentinel, whose beats keep the alarm quiet, starts when all of this is there.
            beat_until_seen(experiment.deployment.place)
            run_preflight(actor=lead, experiment=experiment)
        else:
            preview_targets(actor=world.actor(experiment.author.name), experiment=experiment)
    _answer(world, exercise)
    return exercise


def _answer(world: World, exercise: Exercise) -> None:
    """Everybody on call is there, and all teams but one have said go."""
    for participation in exercise.participations.filter(answer="accepted"):
        team = participation.application.team.slug
        acknowledge(actor=world.actor(on_call_of(team)), participation=participation)
        if participation.application.slug not in SILENT:
            answer_poll(actor=world.actor(owner_of(team)), participation=participation, is_go=True)


def _leave(world: World, exercise: Exercise) -> None:
    """End what an earlier visit left open, so that two editions never are."""
    lead = world.actor(LEAD)
    if exercise.phase == Phase.LIVE.value:
        if Run.objects.unfinished().filter(experiment__exercise=exercise).exists():
            stop_all(actor=lead, exercise=exercise, reason="The demo was started again.")
        else:
            move_exercise(actor=lead, exercise=exercise, to=Phase.DEBRIEF)
    else:
        cancel_exercise(actor=lead, exercise=exercise, reason="The demo was started again.")


def _plan(world: World) -> Exercise:
    lead = world.actor(LEAD)
    starts_at = database_now() + OPENS_IN
    local = starts_at.astimezone(ZoneInfo(RULE.timezone))
    of_month = Exercise.objects.filter(
        programme=world.programme, name__startswith=f"{NAME} {local:%B %Y}"
    ).count()
    suffix = f", {_ordinal(of_month + 1)} window" if of_month else ""
    exercise = plan_exercise(
        actor=lead,
        slug=f"{local:%Y-%m}" + (f"-{of_month + 1}" if of_month else ""),
        name=f"{NAME} {local:%B %Y}{suffix}",
        starts_at=starts_at,
        ends_at=starts_at + LASTS,
        timezone=RULE.timezone,
        region=world.region,
        az=f"{world.region}a",
        lead=world.lead,
        safety_officer=world.safety_officer,
        goal="See whether the broker's clients stay in one cluster when a zone loses power, "
        "and whether two smaller services notice the loss of a server.",
    )
    exercise.programme = world.programme
    exercise.save(update_fields=["programme"])
    invite_and_accept(world, exercise, TAKE_PART, WATCH)
    exercise.refresh_from_db()
    return exercise


def _ordinal(number: int) -> str:
    return _WORDS[number] if number < len(_WORDS) else f"{number}th"
