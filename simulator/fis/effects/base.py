"""What every action is made of: begin, a moment when it is done, and an end that undoes it.

The lifecycle calls `begin` once, asks `is_done` on every tick and calls `end` once: when the
action is done or when the experiment stops, whichever is first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from simulator.fis.access import Access
from simulator.fis.durations import seconds
from simulator.fis.records import Resource
from simulator.physics import Physics

LASTING = ("duration", "maxDuration", "durationBeforeInterruption")


class ActionFailed(Exception):
    """An action that could not do what it is for, with the FIS error code."""

    def __init__(self, message: str, code: str = "DependentServiceFailure") -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class ActionCall:
    """One action of one experiment, ready to act."""

    account: str
    experiment_id: str
    name: str
    action_id: str
    parameters: Mapping[str, str]
    resources: tuple[Resource, ...]
    access: Access
    physics: Physics
    now: Callable[[], float]
    leaves_behind: Callable[[str, str, str], bool]

    def leaves(self, kind: str, account: str) -> bool:
        """Whether a knob of this kind has the rollback pass over one more resource."""
        return self.leaves_behind(kind, self.action_id, account)

    def client(self, service: str, account: str) -> Any:
        return self.access.client(service, account)

    def by_account(self) -> Iterator[tuple[str, list[Resource]]]:
        """The resources of each account."""
        for account in sorted({resource.account for resource in self.resources}):
            yield account, [each for each in self.resources if each.account == account]

    def csv(self, name: str) -> frozenset[str]:
        """A parameter that holds several values."""
        return frozenset(part.strip() for part in self.parameters[name].split(","))


class Effect:
    """An action that lasts for its duration and has nothing to undo."""

    duration_parameter = "duration"
    outcome = "Action was completed."

    def __init__(self, call: ActionCall) -> None:
        self.call = call
        self._begun_at = call.now()

    @property
    def duration_s(self) -> float:
        """How long the action lasts; 0 when it is over as soon as it has begun."""
        text = self.call.parameters.get(self.duration_parameter)
        return seconds(text) if text else 0.0

    def begin(self) -> None:
        """Do it."""

    def is_done(self) -> bool:
        """Whether the action has lasted long enough."""
        return self.call.now() - self._begun_at >= self.duration_s

    def end(self) -> None:
        """Undo what the action owns."""


class NoEffect(Effect):
    """An action that lasts as long as it would, changes nothing here and says so."""

    outcome = "Action was completed: it has no effect in this simulator."

    @property
    def duration_s(self) -> float:
        given = (self.call.parameters.get(name) for name in LASTING)
        return float(next((seconds(text) for text in given if text), 0))
