"""Which experiments are in each other's way: of one experiment, and of a whole exercise.

Called by the policy list, pre-flight, the conflict page, the free slots and the API. A constant
number of queries, whatever the number of experiments. What this reader may not see is counted,
but not named.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from exercises.domain.actors import Actor
from exercises.domain.conflicts import Clash, Slot, conflicts_among, conflicts_with
from exercises.domain.dependencies import Edges, all_behind
from exercises.domain.errors import Invalid
from exercises.domain.exercise_phases import OVER
from exercises.domain.places import zone_id
from exercises.domain.steady_state import SETTLE_S
from exercises.domain.timeline import planned_duration_s
from exercises.domain.times import Window
from exercises.models import Application, Exercise, Experiment, Participation
from exercises.queries.plans import definition_of, planned_start, planned_wall
from exercises.queries.policy import current_policy

UNNAMED: Final = "an experiment of another team on its own"


@dataclass(frozen=True)
class ExerciseConflicts:
    """The experiments of an exercise that have a slot, and what is in their way.

    `left_out` have no slot yet: their plan cannot be built.
    """

    slots: tuple[Slot, ...]
    clashes: tuple[Clash, ...]
    left_out: tuple[Experiment, ...]

    def between(self, a: Slot, b: Slot) -> Clash | None:
        """The most serious conflict of these two."""
        pair = {a.id, b.id}
        return next((c for c in self.clashes if pair <= {slot.id for slot in c.slots}), None)


def span_of(experiment: Experiment) -> Window | None:
    """From the slot to its end; None while the plan cannot be built.

    A fault that is over at once, like a failover, has the minutes in which it is measured.
    """
    try:
        definition = (
            experiment.revision.plan["definition"]
            if experiment.revision and experiment.status == "proposed"
            else definition_of(experiment)
        )
    except Invalid:
        return None
    starts_at = planned_start(experiment)
    return Window(starts_at, starts_at + planned_wall(planned_duration_s(definition) or SETTLE_S))


def conflicts_of(experiment: Experiment) -> list[Clash] | None:
    """What is in the way of one experiment, saved or not; None while it has no slot."""
    span = span_of(experiment)
    if span is None:
        return None
    mine, *others = slots_of([experiment, *neighbours(experiment)], names_for=experiment)
    return conflicts_with(mine, others, per_place=current_policy().open_per_place)


def neighbours(experiment: Experiment, within: Window | None = None) -> list[Experiment]:
    """Everything proposed whose exercise shares a moment with this one's window."""
    window = within or experiment.exercise.window
    return list(
        Experiment.objects.filter(
            status="proposed",
            exercise__starts_at__lt=window.ends_at,
            exercise__ends_at__gt=window.starts_at,
        )
        .exclude(pk=experiment.pk)
        .exclude(exercise__phase__in=OVER)
        .with_all()
        .order_by("pk")
    )


def exercise_conflicts(actor: Actor, exercise: Exercise) -> ExerciseConflicts:
    """The conflicts of an exercise's experiments, with each other and with others in its window."""
    mine = list(
        Experiment.objects.visible_to(actor)
        .filter(exercise=exercise, status__in=("draft", "proposed"))
        .with_all()
        .distinct()
        .order_by("wave", "slot_offset_s", "pk")
    )
    own = {experiment.pk for experiment in mine}
    outside = _outside(exercise)
    slots = slots_of([*mine, *outside], seen=own | _seen(actor, outside))
    inside = tuple(slot for slot in slots if slot.id in own)
    found = conflicts_among(slots, per_place=current_policy().open_per_place)
    clashes = [c for c in found if any(slot.id in own for slot in c.slots)]
    with_slot = {slot.id for slot in inside}
    return ExerciseConflicts(
        slots=inside,
        clashes=tuple(clashes),
        left_out=tuple(e for e in mine if e.pk not in with_slot),
    )


def _outside(exercise: Exercise) -> list[Experiment]:
    return [
        experiment
        for experiment in neighbours(Experiment(exercise=exercise))
        if experiment.exercise_id != exercise.pk
    ]


def _seen(actor: Actor, experiments: Sequence[Experiment]) -> set[int]:
    ids = [experiment.pk for experiment in experiments]
    return set(Experiment.objects.visible_to(actor).filter(pk__in=ids).values_list("pk", flat=True))


def slots_of(
    experiments: Sequence[Experiment],
    *,
    seen: set[int] | None = None,
    names_for: Experiment | None = None,
) -> list[Slot]:
    """The experiments that have a slot, as facts for the rules, in the same order.

    Who may be named: those in `seen`, or what everybody with `names_for` sees.
    """
    on_call = _on_call(experiments)
    edges = dependencies()
    found = []
    for experiment in experiments:
        span = span_of(experiment)
        if span is None:
            continue
        slot = _slot(experiment, span, edges)
        named = (
            experiment.pk in seen
            if seen is not None
            else names_for is None or _is_open_to(names_for, experiment)
        )
        person, key = on_call.get((experiment.exercise_id, experiment.application_id), ("", ""))
        if not key:
            team = experiment.application.team
            person, key = team.name, f"team {team.pk}"
        slot = replace(slot, on_call=person, on_call_key=key)
        found.append(slot if named else replace(slot, code="", label=UNNAMED))
    return found


def _slot(experiment: Experiment, span: Window, edges: Edges) -> Slot:
    place = experiment.deployment.place
    zone, planned = experiment.az, experiment.exercise.az
    known, planned_id = zone_id(zone, place.az_ids), zone_id(planned, place.az_ids)
    return Slot(
        id=experiment.pk or 0,
        code=experiment.code if experiment.pk else "",
        label=f"{experiment.code} {experiment.title}" if experiment.pk else experiment.title,
        span=span,
        application_id=experiment.application_id,
        application=experiment.application.name,
        account_ids=experiment.account_ids,
        region=place.region,
        # The same name is another zone in another account; the id says which one it is.
        zones=frozenset(known or f"{each}/{zone}" for each in experiment.account_ids if zone),
        zone_name=zone,
        is_planned_zone=bool(zone) and (planned == zone or planned_id == known != ""),
        depends_on=all_behind(edges, experiment.application_id),
    )


def _is_open_to(one: Experiment, other: Experiment) -> bool:
    return (
        other.exercise.kind != "self_service"
        or other.application.team_id == one.application.team_id
        or other.pk == one.pk
    )


def _on_call(experiments: Iterable[Experiment]) -> dict[tuple[int, int], tuple[str, str]]:
    """Who is on call for an application in an exercise: the name, and who that is."""
    rows = Participation.objects.filter(
        exercise__in={e.exercise_id for e in experiments if e.exercise_id}
    ).values_list(
        "exercise_id", "application_id", "on_call", "on_call_person_id", "on_call_person__name"
    )
    return {
        (exercise, application): (
            (str(name), f"person {person}") if person else (text, text.strip().casefold())
        )
        for exercise, application, text, person, name in rows
    }


def dependencies() -> Edges:
    """Every application that depends on another, and on which."""
    edges: dict[int, set[int]] = {}
    rows = Application.depends_on.through._default_manager.values_list(
        "from_application_id", "to_application_id"
    )
    for application, needed in rows:
        edges.setdefault(application, set()).add(needed)
    return {application: frozenset(needed) for application, needed in edges.items()}
