"""From a seed to a schedule: what happens, in which order, and what dies where.

A schedule is data. `play.py` carries it out, so that the same seed is the same story.
Each failpoint has its turn: one seed dies there, another sleeps there, a third is free.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final

from exercises.failpoints import BETWEEN, INSIDE
from simulator.knobs import Knob
from tests.harness.steps import (
    AFTERWARDS,
    Crash,
    Meanwhile,
    Schedule,
    Step,
    scene_for,
    taken_over,
    towards,
)

SCENES: Final = ("live", "alone", "live", "alone", "both")

WORK_PLACES: Final = sorted(
    name for name in INSIDE | BETWEEN if name.startswith(("start.", "settle.", "observe.", "due."))
)
START_PLACES: Final = sorted(
    [name for name in INSIDE | BETWEEN if name.startswith("start.")]
    # Before the gate and between the gate and AWS is where sleep does the most harm.
    + ["start.prepared", "start.intent_committed", "start.before_send"]
)
STOP_PLACES: Final = sorted(name for name in INSIDE | BETWEEN if name.startswith("stop."))
LATE_PLACES: Final = sorted(
    name for name in INSIDE | BETWEEN if name.startswith(("settle.", "observe.", "due."))
)

KNOBS: Final = (
    ("lose_response", "StartExperiment"),
    ("lose_response", "StartExperiment"),
    ("lose_request", "StartExperiment"),
    ("fail", "StartExperiment"),
    ("fail_after", "StartExperiment"),
    ("fail_after", "StartExperiment"),
    ("throttle", "StartExperiment"),
    ("lose_response", "StopExperiment"),
    ("lose_request", "StopExperiment"),
    ("fail", "StopExperiment"),
    ("throttle", "StopExperiment"),
    ("stuck_stopping", "StopExperiment"),
    ("list_lag", "ListExperiments"),
    ("list_lag", "ListExperiments"),
    ("fail", "ListExperiments"),
    ("fail", "GetExperiment"),
    ("throttle", "GetExperiment"),
    ("lose_response", "CreateExperimentTemplate"),
    ("fail", "AssumeRole"),
    ("deny", "AssumeRole"),
    ("deny", "StopExperiment"),
    ("change_template", "StartExperiment"),
)
REFUSED_FOR_GOOD: Final = frozenset({"deny", "change_template"})


PLACES: Final = tuple(sorted(INSIDE | BETWEEN))
TURNS: Final = ("dies", "sleeps", "free")
ROUND: Final = len(TURNS) * len(PLACES)
"""So many seeds in a row hold every failpoint in every turn."""


def schedule(seed: int) -> Schedule:
    rng = random.Random(seed)
    place, turn = PLACES[seed % len(PLACES)], TURNS[seed // len(PLACES) % len(TURNS)]
    if turn == "free" or (turn == "sleeps" and place.startswith(AFTERWARDS)):
        scene = SCENES[seed % len(SCENES)]
        late = Crash(rng.choice(LATE_PLACES)) if rng.random() < 0.4 else None
        return Schedule(seed, scene, (*_opening(rng, scene), *_rest(rng, scene)), late)
    scene = scene_for(place, rng)
    if place.startswith(AFTERWARDS):
        steps, late = towards(place, None), Crash(place)
        return Schedule(seed, scene, steps, late, is_judged=True)
    # Whoever dies or sleeps inside a transaction of a person holds its locks: dying is enough.
    sleeps = turn == "sleeps" and place in BETWEEN
    order = _meanwhile(rng, place, scene) if sleeps else Crash(place)
    return Schedule(seed, scene, (*towards(place, order), *_rest(rng, scene)))


def _opening(rng: random.Random, scene: str) -> list[Step]:
    """Something that is already wrong, and then the slot comes."""
    steps: list[Step] = []
    if rng.random() < 0.5:
        steps.append(_knob(rng))
    if rng.random() < 0.15:
        steps.append(_user(rng, scene))
    if scene != "live":
        steps.append(Step("advance", rng.choice((29.0, 31.0))))
    if rng.random() < 0.06:
        steps.append(Step("advance", 400.0))
    return [*steps, Step("tick", order=_order(rng, ("due.claimed",), 0.05))]


def _rest(rng: random.Random, scene: str) -> Iterator[Step]:
    for _ in range(rng.randint(1, 5)):
        yield _next(rng, scene)
        if rng.random() < 0.6:
            yield Step("work", rng.random(), order=_order(rng, WORK_PLACES, 0.25))
        if rng.random() < 0.3:
            yield Step("tick")


def _next(rng: random.Random, scene: str) -> Step:
    if rng.random() < 0.45:
        return Step("work", rng.random(), order=_order(rng, START_PLACES, 0.6, scene))
    return _perturb(rng, scene)


def _perturb(rng: random.Random, scene: str) -> Step:
    draw = rng.random()
    if draw < 0.35:
        return _user(rng, scene)
    if draw < 0.55:
        return _knob(rng)
    if draw < 0.60:
        return Step("knobs_off")
    if draw < 0.70:
        return Step("again", rng.random())
    if draw < 0.75:
        return Step("broker", rng.choice((0.0, 0.3, 1.0)))
    return Step("advance", rng.choice((1.0, 3.0, 10.0, 65.0, 65.0, 130.0, 310.0)))


def _user(rng: random.Random, scene: str) -> Step:
    draw = rng.random()
    if draw < 0.48:
        kind = rng.choice(("stop", "stop_all"))
        return Step(kind, rng.random(), order=_order(rng, STOP_PLACES, 0.3))
    if draw < 0.66:
        return Step("freeze", rng.choice((20.0, 200.0, 3600.0)))
    if draw < 0.70:
        return Step("lift")
    if draw < 0.85:
        return Step("decline", order=_order(rng, ("decide.before_commit",), 0.15))
    if draw < 0.92 or scene == "live":
        return Step("leave")
    return Step("edit", rng.random(), order=_order(rng, ("edit.before_commit",), 0.15))


def _knob(rng: random.Random) -> Step:
    kind, operation = rng.choice(KNOBS)
    return Step(
        "knob",
        knob=Knob(
            kind,
            operation,
            count=rng.choice((1, 1, 2, 3)) if kind != "list_lag" else None,
            seconds={"list_lag": 40.0, "stuck_stopping": 200.0}.get(kind, 0.0),
        ),
    )


def _order(
    rng: random.Random, places: tuple[str, ...] | list[str], chance: float, scene: str = ""
) -> Crash | Meanwhile | None:
    if rng.random() >= chance:
        return None
    place = rng.choice(places)
    if place in INSIDE or rng.random() < 0.5:
        return Crash(place)
    return _meanwhile(rng, place, scene)


def _meanwhile(rng: random.Random, place: str, scene: str) -> Meanwhile:
    draw = rng.random()
    if draw < 0.4:
        return Meanwhile(place, taken_over(rng.choice((16.0, 65.0))))
    if draw < 0.7:
        return Meanwhile(place, (_bare(_user(rng, scene or "live")),))
    steps = [_perturb(rng, scene or "live") for _ in range(rng.randint(1, 2))]
    if rng.random() < 0.7:
        steps += [Step("tick"), Step("work", rng.random())]
    return Meanwhile(place, tuple(_bare(step) for step in steps))


def _bare(step: Step) -> Step:
    return Step(step.kind, step.amount, step.knob)
