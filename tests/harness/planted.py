"""Bugs on purpose: the oracle has to see each of them. `make planted-bugs` is the caller.

Each is one mistake a person could make in the product, planted into a process of the harness
only, and the story that it lies in wait for. The first line of its docstring is the mistake;
what catches it is for the oracle to say, which is not told which bug is there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from simulator.knobs import Knob
from tests.harness.steps import Crash, Meanwhile, Schedule, Step

Plant = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Bug:
    """One mistake, and the story in which it does harm."""

    plant: Plant
    story: Schedule


_bugs: Final[dict[str, Bug]] = {}


def every_bug() -> dict[str, Bug]:
    for module in ("starts", "stops", "records"):
        import_module(f"tests.harness.planted_{module}")
    return _bugs


def bug(*steps: Step, scene: str = "live") -> Callable[[Plant], Plant]:
    """Register a bug with the steps that it lies in wait for."""

    def register(plant: Plant) -> Plant:
        story = Schedule(seed=-1, scene=scene, steps=steps)
        _bugs[plant.__name__.replace("_", "-")] = Bug(plant, story)
        return plant

    return register


def replace(name: str, new: Any, *modules: Any) -> None:
    """Put the wrong function wherever the right one is imported."""
    for module in modules:
        if not hasattr(module, name):
            raise AttributeError(f"{module.__name__} has no {name}: this bug plants nothing")
        setattr(module, name, new)


def goes_wrong(kind: str, operation: str, count: int = 1) -> Step:
    """AWS misbehaves once, or so often."""
    return Step("knob", knob=Knob(kind, operation, count=count))


def dies_at(place: str) -> Step:
    """A worker takes the messages and dies there."""
    return Step("work_off", order=Crash(place))


def sleeps_at(place: str, *meanwhile: Step) -> Step:
    """A worker takes the messages and sleeps there while the others go on."""
    return Step("work_off", order=Meanwhile(place, meanwhile))
