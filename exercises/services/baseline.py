"""Was it steady right before the fault? Nothing starts otherwise: it would prove nothing.

Asked by services.start before the gate, by the rule of the verdict (domain.verdicts), so that
no run starts whose verdict could only be that it was not steady before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from exercises.domain.engine_values import Reading
from exercises.domain.errors import EngineError
from exercises.domain.probe_sources import JUDGEMENT, POLLED
from exercises.domain.steady_state import (
    ProbeSpec,
    baseline_s,
    format_value,
    is_inside,
    limit_words,
    probes_from_json,
)
from exercises.domain.verdicts import baseline_is_inside
from exercises.models import Run
from exercises.models.due_work import database_now
from exercises.probes.protocol import ProbeRequest
from exercises.probes.registry import read_many
from exercises.queries.plans import planned_wall
from exercises.services.asking import asking


@dataclass(frozen=True, slots=True)
class Baseline:
    """How it was before the fault. `polled` are the readings of probes without a past, which
    nobody could read later; `unsteady` says in words what speaks against a start, or nothing."""

    polled: Sequence[Reading] = ()
    unsteady: str = ""


def read_baseline(run: Run) -> Baseline:
    """Read every probe of a run that is about to start; of a rehearsal none.

    Raises EngineError when AWS does not answer: that is no silence of a probe.
    """
    specs = () if run.is_rehearsal else probes_from_json(run.revision.plan["steady_state"])
    if not specs:
        return Baseline()
    now = database_now()
    asked = [
        ProbeRequest("", spec, now - planned_wall(baseline_s(spec)))
        for spec in specs
        if spec.kind != JUDGEMENT
    ]
    answers = read_many(asking(run.experiment.deployment.place, until=now), asked)
    if not answers.is_complete:
        raise EngineError("; ".join(answers.problems), outcome="none", retryable=True)
    readings = answers.readings.get("", [])
    said = [_unsteady(spec, [*readings, *_judged(run, spec, now)]) for spec in specs]
    polled = {spec.key for spec in specs if spec.kind in POLLED}
    return Baseline([one for one in readings if one.probe in polled], " ".join(filter(None, said)))


def _judged(run: Run, spec: ProbeSpec, now: datetime) -> list[Reading]:
    """What people said of late: longer ago it says nothing about now."""
    if spec.kind != JUDGEMENT:
        return []
    since = now - planned_wall(baseline_s(spec))
    said = run.samples.filter(probe=spec.key, at__gte=since).order_by("at")
    return [Reading(spec.key, sample.at, sample.value) for sample in said]


def _unsteady(spec: ProbeSpec, readings: Sequence[Reading]) -> str:
    values = [one.value for one in readings if one.probe == spec.key and one.value is not None]
    if baseline_is_inside(spec, values):
        return ""
    expected = f"expected {limit_words(spec)}."
    if not values:
        asked = "" if spec.kind in POLLED else f" in the last {baseline_s(spec) // 60} min"
        return f"{spec.name}: no data{asked}, {expected}"
    if spec.kind in POLLED | {JUDGEMENT}:
        return f"{spec.name} is at {format_value(spec, values[-1])}, {expected}"
    outside = sum(not is_inside(spec, value) for value in values)
    return (
        f"{spec.name} was outside in {outside} of {len(values)} readings, "
        f"last {format_value(spec, values[-1])}, {expected}"
    )
