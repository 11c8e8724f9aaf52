"""The values that pass between use cases and engines: nothing of boto3, nothing of Django.

States follow the FIS experiment states (AWS FIS User Guide, "Experiment states"); another
engine maps its own onto them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from exercises.domain.plans import JsonObject


class EngineStatus(StrEnum):
    PENDING = "pending"
    INITIATING = "initiating"
    RUNNING = "running"
    COMPLETED = "completed"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_terminal(self) -> bool:
        return self in _TERMINAL


_TERMINAL = frozenset(
    {EngineStatus.COMPLETED, EngineStatus.STOPPED, EngineStatus.FAILED, EngineStatus.CANCELLED}
)


@dataclass(frozen=True, slots=True)
class Target:
    """One resource that an experiment hits."""

    target_name: str
    resource_type: str
    arn: str
    az: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class StartOrder:
    """Ask an engine to start once. The token belongs to the run for ever.

    `not_after` is an instant with a time zone: a request that arrives later is refused by
    the account itself, however long the worker slept before it sent it. `definition` is what
    `template_ref` stands for, for engines that keep no templates in the account; `speed` is how
    many planned seconds pass in one of the wall clock.
    """

    run_id: str
    template_ref: str
    token: str
    is_rehearsal: bool
    not_after: datetime
    tags: JsonObject = field(default_factory=dict)
    definition: JsonObject = field(default_factory=dict)
    speed: float = 1.0


@dataclass(frozen=True, slots=True)
class ActionObservation:
    """One action of a running experiment, as the engine last told it."""

    name: str
    action_id: str
    status: str
    reason: str
    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Observation:
    """What the engine says of one experiment. `reason` is shown, never branched on.

    `differences` name what runs otherwise than was approved, when that was asked for.
    """

    ref: str
    status: EngineStatus
    reason: str
    started_at: datetime | None
    ended_at: datetime | None
    actions: tuple[ActionObservation, ...]
    differences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Watch:
    """An experiment to be observed, with what was last known of it.

    `full` asks for the actions too, not only for the state; then what runs is compared with
    `approved`, the definition it was started from.
    """

    ref: str
    last_status: EngineStatus | None
    full: bool
    approved: JsonObject | None = None


@dataclass(frozen=True, slots=True)
class Tagged:
    """An experiment and what its tags say: of which run and exercise it is.

    `run_id` is empty when it carries no tag of ours: somebody else's. `accounts` are all that it
    reaches where those are several.
    """

    ref: str
    run_id: str
    exercise: str
    status: EngineStatus
    accounts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StopReceipt:
    """The engine's answer to a stop: the state right after it was accepted."""

    ref: str
    status: EngineStatus
    reason: str


@dataclass(frozen=True, slots=True)
class Archive:
    """All the engine knows of a finished experiment, kept because engines forget.

    FIS removes experiments after 120 days (AWS FIS User Guide, "Managing experiments").
    """

    document: JsonObject
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """An instance of an application's fleet and whether it runs now."""

    resource_id: str
    arn: str
    name: str
    az: str
    state: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One measured value of a probe; None when the source had nothing to say."""

    probe: str
    at: datetime
    value: float | None


@dataclass(frozen=True, slots=True)
class AlarmReading:
    """A CloudWatch alarm and its state: OK, ALARM or INSUFFICIENT_DATA.

    `rule` says when it goes into alarm; empty for what is no plain threshold. `settings` is a
    digest of everything that was set on it, and so nothing of how it is. `since` is when it
    came to this state.
    """

    arn: str
    name: str
    state: str
    reason: str
    rule: str = ""
    settings: str = ""
    since: datetime | None = None
