"""An experiment of the demo as data, and the steps by which its people bring it to Go.

Everything here goes through the use cases that people use, with their rights. Called by
demo.edition and demo.drill.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from exercises.domain.approvals import DecisionVerdict
from exercises.domain.errors import Conflict
from exercises.management.demo.people import on_call_of, owner_of
from exercises.management.demo.world import World
from exercises.models import Application, Exercise, Experiment
from exercises.services.decide import decide
from exercises.services.exercises import invite
from exercises.services.propose import Draft, propose, start_draft
from exercises.services.taking_part import answer_invitation


@dataclass(frozen=True, slots=True)
class Planned:
    """One experiment and who has approved it when the demo opens.

    Without a `steady_state` of its own it is measured by its deployment's.
    """

    application: str
    account: str
    template: str
    title: str
    author: str
    slot_min: int
    target_cap: int
    hypothesis: str
    approvals: tuple[str, ...] = ()
    parameters: Mapping[str, object] = field(default_factory=dict)
    is_draft: bool = False
    steady_state: Sequence[Mapping[str, object]] = ()
    recheck_after_min: int = 0


def propose_planned(world: World, exercise: Exercise, planned: Planned) -> Experiment:
    """Its author writes it and, unless it is a draft, proposes it."""
    deployment = world.deployments[planned.application, planned.account]
    author = world.actor(planned.author)
    draft = Draft(
        deployment=deployment,
        template_version=world.templates[planned.template],
        title=planned.title,
        hypothesis=planned.hypothesis,
        parameters=planned.parameters,
        steady_state=planned.steady_state or deployment.steady_state,
        az=f"{world.region}a",
        slot_offset_s=planned.slot_min * 60,
        target_cap=planned.target_cap,
        recheck_after_min=planned.recheck_after_min,
    )
    experiment = start_draft(actor=author, draft=draft, exercise=exercise)
    return experiment if planned.is_draft else propose(actor=author, experiment=experiment)


def approve_planned(world: World, experiment: Experiment, names: Sequence[str]) -> None:
    """Each of these people approves what stands there now."""
    experiment.refresh_from_db()
    if experiment.revision is None:
        raise Conflict(f"{experiment.title}: there is nothing to approve yet")
    for name in names:
        decide(
            actor=world.actor(name),
            experiment=experiment,
            verdict=DecisionVerdict.APPROVE,
            digest_seen=experiment.revision.digest,
        )


def invite_and_accept(
    world: World,
    exercise: Exercise,
    take_part: Sequence[str],
    watch: Sequence[str] = (),
) -> None:
    """The lead invites; owners accept and say who is on call. Who watches has not answered."""
    invited: list[Application] = [world.applications[slug] for slug in (*take_part, *watch)]
    invite(actor=world.actor(world.lead.name), exercise=exercise, applications=invited)
    for participation in exercise.participations.filter(application__slug__in=take_part):
        team = participation.application.team.slug
        answer_invitation(
            actor=world.actor(owner_of(team)),
            participation=participation,
            answer="accepted",
            on_call=on_call_of(team),
        )
