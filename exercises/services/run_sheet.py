"""Arrange the run sheet until Go: the wave of each experiment and its slot in it.

A wave is the lead's order of play and part of no approval. A slot is approved: whoever moves
it writes another content, so its approvals start again and it is not theirs to approve.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from exercises.domain.actors import Actor
from exercises.domain.errors import Invalid, Refusal, Refused
from exercises.domain.exercise_phases import BEFORE_LIVE
from exercises.domain.waves import MOST_WAVES
from exercises.models import Exercise, Experiment
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.queries.plans import problems_of
from exercises.services.audit import record
from exercises.services.revisions import revise
from exercises.services.run_events import append_event

LATEST_SLOT_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class Place:
    """Where one experiment goes on the run sheet."""

    experiment_id: int
    wave: int
    slot_offset_s: int


def arrange(*, actor: Actor, exercise: Exercise, places: Sequence[Place]) -> list[Experiment]:
    """Put the experiments there; returns those whose approvals start again.

    All or nothing. Raises NotAllowed, Invalid (which experiment, which limit), Refused (live).
    """
    authorize(actor, "exercise.advance", exercise)
    with transaction.atomic():
        locked = Exercise.objects.select_for_update(no_key=True).get(pk=exercise.pk)
        if locked.phase not in BEFORE_LIVE:
            raise Refused(
                Refusal(
                    "run_sheet.closed",
                    "The run sheet is fixed once the exercise is live.",
                    "Late joiners go into a wave that has not begun.",
                )
            )
        experiments = _locked(locked)
        problems = [problem for place in places for problem in _problems(place, experiments)]
        if problems:
            raise Invalid.of(problems)
        voided: list[Experiment] = []
        moved = [_put(actor, experiments[p.experiment_id], p, voided) for p in places]
        late = [found for one in moved if one for found in _late(one)]
        if late:
            raise Invalid.of(late)
        titles = [one.title for one in moved if one]
        if titles:
            append_event(
                exercise=locked,
                kind="run_sheet.arranged",
                text=f"Run sheet: {', '.join(titles)} moved."[:1000],
                source=actor.name,
                author_id=actor.user_id,
            )
            record(
                actor,
                "exercise.arrange",
                locked,
                places=[[p.experiment_id, p.wave, p.slot_offset_s] for p in places],
            )
    return voided


def _locked(exercise: Exercise) -> dict[int, Experiment]:
    rows = Experiment.objects.select_for_update(of=("self",), no_key=True).with_all()
    arranged = rows.filter(exercise=exercise, status__in=("draft", "proposed")).order_by("pk")
    return {experiment.pk: experiment for experiment in arranged}


def _problems(place: Place, experiments: dict[int, Experiment]) -> list[tuple[str, str]]:
    name = str(place.experiment_id)
    if place.experiment_id not in experiments:
        return [(f"{name}.wave", "this experiment is not on the run sheet")]
    found = []
    if not 1 <= place.wave <= MOST_WAVES:
        found.append((f"{name}.wave", f"between 1 and {MOST_WAVES}"))
    if not 0 <= place.slot_offset_s <= LATEST_SLOT_S:
        found.append((f"{name}.slot", f"between 0 and {LATEST_SLOT_S // 60} minutes"))
    return found


def _put(
    actor: Actor, experiment: Experiment, place: Place, voided: list[Experiment]
) -> Experiment | None:
    """Move one experiment; None when it stays where it is."""
    slot = experiment.slot_offset_s != place.slot_offset_s
    if not slot and experiment.wave == place.wave:
        return None
    experiment.wave = place.wave
    experiment.slot_offset_s = place.slot_offset_s
    experiment.save(update_fields=["wave", "slot_offset_s", "updated_at"])
    if slot:
        revise(experiment, actor)
        voided.append(experiment)
    return experiment


def _late(experiment: Experiment) -> list[tuple[str, str]]:
    found = problems_of(experiment, now=database_now())
    return [(f"{experiment.pk}.slot", text) for field, text in found if field == "slot"]
