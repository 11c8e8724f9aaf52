"""What every system that joins the estate on demand is made of.

A system builds its resources through the AWS API, then looks at them at every step, as hardware
would, and says what its users notice. `World` steps it and publishes its metrics; the control
pages turn its switches. How to add one: docs/simulator.md.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from simulator.estate import AlarmPlan
from simulator.physics import Physics
from simulator.seeding import Builder
from simulator.world.nodes import Node

Home = tuple[str, tuple[str, str]]
"""A namespace and a dimension of CloudWatch."""
Readings = Mapping[Home, Mapping[str, float]]

MINUTE: Final = 60.0


class System(ABC):
    """One application with a flaw to be found and the fix as a switch."""

    name: ClassVar[str]
    account: ClassVar[str]
    application: ClassVar[str]
    """The value of the tag `chaosplane:application` on its resources."""
    alarms: ClassVar[Sequence[AlarmPlan]]
    fixes: ClassVar[Mapping[str, bool]]
    """Its switches, each as it is at the start."""

    def __init__(self, physics: Physics, builder: Builder, rng: random.Random) -> None:
        self.switches = dict(self.fixes)
        self._physics = physics
        self._builder = builder
        self._rng = rng

    @abstractmethod
    def build(self) -> None:
        """Make its resources."""

    @abstractmethod
    def step(self, now: float, nodes: Sequence[Node]) -> Readings:
        """Live until `now` with these instances; what can be measured at that moment."""

    def act(self, now: float, nodes: Sequence[Node]) -> None:  # noqa: B027 - most do nothing
        """Do what its own automation would: start what is missing, scale."""

    def calm(self) -> None:
        """Be as right after joining: fixes, resources and memory."""
        self.switches = dict(self.fixes)
        self.restore()

    @abstractmethod
    def restore(self) -> None:
        """Put the resources right that a fault or a person changed, and forget what was."""

    def _noisy(self, value: float, share: float = 0.01) -> float:
        return value * (1 + self._rng.gauss(0, share))
