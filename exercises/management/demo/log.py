"""The event log of an imported exercise: the lines a real one would have written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from exercises.domain.run_states import RunState
from exercises.domain.steady_state import format_value, is_inside, limit_words, probes_from_json
from exercises.models import Exercise, RunEvent

if TYPE_CHECKING:
    from exercises.management.demo.told import Told
    from exercises.management.demo.world import World

SOURCE = "imported"
_VERDICTS = {"held": "held", "not_held": "not held", "inconclusive": "inconclusive"}


def write_log(world: World, exercise: Exercise, told: Sequence[Told]) -> None:
    """Every line, oldest first."""
    lines = [*_phases(world, exercise), *(line for one in told for line in _run(one))]
    for line in lines:
        line.exercise = exercise
    RunEvent.objects.bulk_create(sorted(lines, key=lambda line: line.at))


def _phases(world: World, exercise: Exercise) -> Iterator[RunEvent]:
    yield RunEvent(
        at=exercise.went_live_at or exercise.starts_at,
        kind="exercise.go",
        text="Go.",
        source=world.lead.name,
        author=world.lead,
    )
    yield RunEvent(
        at=exercise.ends_at,
        kind="exercise.debrief",
        text="All runs are judged, debrief is open.",
        source=SOURCE,
    )
    yield RunEvent(
        at=exercise.ended_at or exercise.ends_at,
        kind="exercise.closed",
        text="Phase: closed.",
        source=world.lead.name,
        author=world.lead,
    )


def _run(told: Told) -> Iterator[RunEvent]:
    run, title = told.run, told.run.experiment.title

    def line(kind: str, text: str, after_s: float = 0) -> RunEvent:
        at = told.started_at + timedelta(seconds=after_s)
        return RunEvent(run=run, at=at, kind=kind, text=text[:1000], source=SOURCE)

    yield line("run.running", f"{title}: running.")
    lasts_s = (told.ended_at - told.started_at).total_seconds()
    for action in told.actions:
        name = action.name.replace("-", " ")
        if action.offset_s <= lasts_s:
            yield line("action.running", f"{name}: started.", action.offset_s)
        if action.ends_s <= lasts_s:
            yield line("action.completed", f"{name}: done.", action.ends_s)
    yield from _crossings(told)
    if run.state == RunState.STOPPED.value:
        who = run.stop_requested_by.name if run.stop_requested_by else SOURCE
        yield line("run.stopping", f"{title}: Stop, asked for by {who}.", lasts_s - 3)
    yield line(f"run.{run.state}", f"{title}: {run.state}.", lasts_s)
    settled_s = (told.settled_at - told.started_at).total_seconds()
    words = _VERDICTS[run.verdict]
    yield line(
        f"verdict.{run.verdict}", f"{title}: hypothesis {words}. {run.verdict_reason}", settled_s
    )


def _crossings(told: Told) -> Iterator[RunEvent]:
    """Each time a probe went outside or came back during the run."""
    for spec in probes_from_json(told.run.revision.plan["steady_state"]):
        was_inside = True
        for reading in told.readings[spec.key]:
            inside = is_inside(spec, reading.value)
            if inside != was_inside and reading.at >= told.started_at:
                words = "back inside" if inside else "outside"
                yield RunEvent(
                    run=told.run,
                    at=reading.at,
                    kind="probe.inside" if inside else "probe.outside",
                    text=f"{spec.name} {words}: {format_value(spec, reading.value)}, "
                    f"{limit_words(spec)}.",
                    source=SOURCE,
                    details={"probe": spec.key, "value": reading.value},
                )
                was_inside = inside
