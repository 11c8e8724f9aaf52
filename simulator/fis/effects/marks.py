"""Faults that no API call makes: they act inside of a resource, and its owner feels them.

What nobody feels has no effect, and the action says so.
"""

from __future__ import annotations

from simulator.fis.effects.base import Effect, NoEffect
from simulator.physics import Fault


class Mark(Effect):
    """Lets each resource have the fault for the duration."""

    def begin(self) -> None:
        for number, resource in enumerate(self.call.resources):
            self.call.physics.faults[self._key(number)] = Fault(
                self.call.action_id, resource.arn, self.call.parameters, self.call.now()
            )

    def end(self) -> None:
        ended = [
            self.call.physics.faults.pop(self._key(number), None)
            for number, _ in enumerate(self.call.resources)
        ]
        if not any(fault and fault.is_felt for fault in ended):
            self.outcome = NoEffect.outcome

    def _key(self, number: int) -> str:
        return f"{self.call.experiment_id}/{self.call.name}/{number}"
