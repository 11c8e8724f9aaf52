"""What schedules are made of, and the way to each failpoint: who has to do what to come by."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Final

from simulator.knobs import Knob


@dataclass(frozen=True, slots=True)
class Crash:
    """Whoever comes by dies there."""

    place: str


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """Whoever comes by sleeps there while all this happens, and then goes on."""

    place: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens: its kind, a number of its own, and what dies or sleeps in it."""

    kind: str
    amount: float = 0.0
    knob: Knob | None = None
    order: Crash | Meanwhile | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """A seed's story."""

    seed: int
    scene: str
    steps: tuple[Step, ...] = field(default=())
    late: Crash | None = None
    """Strikes while everything quietens down."""
    is_judged: bool = False
    """Whether it goes on until the runs are judged, which takes as long again."""


AFTERWARDS: Final = ("judge.", "debrief.")
"""Failpoints that are passed when all is over."""

TICK: Final = Step("tick")
SLOT: Final = (Step("advance", 31.0), TICK)
"""The slot of every scene comes, and the start is handed out."""
ALL: Final = Step("work_off")
LOOK: Final = (Step("advance", 3.0), TICK, ALL)
"""Everything that is due by then is carried out."""
ENDS: Final = Step("advance", 66.0)
"""The experiment is over."""


def taken_over(seconds: float) -> tuple[Step, ...]:
    """The lease ends, and another worker goes on with what the sleeper holds for its own."""
    return (Step("advance", seconds), TICK, ALL, *LOOK)


def scene_for(place: str, rng: random.Random) -> str:
    """A scene in which somebody can come by there."""
    return {"go.before_commit": "ready", "edit.before_commit": "alone"}.get(
        place, rng.choice(("live", "alone", "both"))
    )


def towards(place: str, order: Crash | Meanwhile | None) -> tuple[Step, ...]:
    """The steps that lead by a failpoint, with the order given where it is to strike."""
    person = {"go": "go", "decide": "decline", "edit": "edit"}.get(place.partition(".")[0])
    if person is not None:
        again = (Step("go"),) if person == "go" else ()
        return (Step(person, order=order), *again, *SLOT)
    if place == "due.claimed":
        return (SLOT[0], Step("tick", order=order))
    if place.startswith("start."):
        return (*SLOT, Step("work_off", order=order))
    if place.startswith("settle."):
        kind = "lose_response" if place == "settle.found" else "lose_request"
        lost = Step("knob", knob=Knob(kind, "StartExperiment", count=1))
        return (lost, *SLOT, Step("work_off", order=order), *LOOK)
    if place.startswith("stop."):
        return (*SLOT, ALL, Step("stop", order=order))
    if place == "observe.archived":
        return (*SLOT, Step("work_off", order=order), ENDS, TICK, ALL, *LOOK)
    if place.startswith("observe."):
        return (*SLOT, ALL, Step("advance", 3.0), Step("tick", order=order), ALL)
    return (*SLOT, ALL)
