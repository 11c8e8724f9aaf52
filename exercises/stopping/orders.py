"""What is to be stopped, who wants it, and what AWS said to it: plain values and their JSON."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from exercises.domain.engine_values import EngineStatus
from exercises.domain.plans import AccountAccess

MAX_REASON: Final = 500
_NOT_STORED: Final = re.compile("[\0\ud800-\udfff]")
"""What a file of JSON takes and PostgreSQL does not: half a character, and no character."""


class Scope(StrEnum):
    """How far a stop reaches."""

    RUN = "run"
    EXERCISE = "exercise"
    REGION = "region"  # everything of ours in one Region of one account


@dataclass(frozen=True, slots=True)
class StopTarget:
    """One experiment of an engine. `run_id` is empty for what nobody of us knows.

    `access` is where it runs and is stopped; `also_in` are further accounts that it hits, in
    the same Region. A safety lever there does not end it, so that it has to be stopped itself.
    """

    access: AccountAccess
    engine: str
    ref: str
    run_id: str = ""
    exercise: str = ""
    title: str = ""
    also_in: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.title or self.ref

    @property
    def place(self) -> tuple[str, str]:
        return self.access.account_id, self.access.region

    @property
    def accounts(self) -> tuple[str, ...]:
        """Every account that it hits, the one that it runs in first."""
        return self.access.account_id, *self.also_in

    @property
    def reaches(self) -> frozenset[str]:
        """Every `account/region` that it hits."""
        return frozenset(f"{account_id}/{self.access.region}" for account_id in self.accounts)


@dataclass(frozen=True, slots=True)
class StopOrder:
    """Somebody wants something stopped. `what` is the run's id, the exercise's slug or
    `account/region`; `user_id` is None for a command without the product's accounts.

    A stop is not refused for its reason: what cannot be stored of it is left out.
    """

    scope: Scope
    what: str
    who: str
    user_id: int | None
    door: str
    reason: str = ""
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        object.__setattr__(self, "what", _stored(self.what))
        object.__setattr__(self, "reason", _stored(self.reason)[:MAX_REASON])

    def covers(self, target: StopTarget) -> bool:
        match self.scope:
            case Scope.RUN:
                return target.run_id == self.what
            case Scope.EXERCISE:
                return target.exercise == self.what
            case Scope.REGION:
                return self.what in target.reaches


def _stored(text: str) -> str:
    return _NOT_STORED.sub("", text).strip()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is known of one stop right after it was asked for.

    `status` is empty when AWS has not answered. Accepted is not stopped.
    """

    target: StopTarget
    is_accepted: bool
    status: str
    message: str

    @property
    def is_over(self) -> bool:
        return bool(self.status) and EngineStatus(self.status).is_terminal


def order_to_json(order: StopOrder) -> dict[str, Any]:
    return asdict(order) | {"scope": order.scope.value, "at": order.at.isoformat()}


def order_from_json(told: Mapping[str, Any]) -> StopOrder:
    return StopOrder(
        scope=Scope(told["scope"]),
        what=str(told["what"]),
        who=str(told["who"]),
        user_id=None if told["user_id"] is None else int(told["user_id"]),
        door=str(told["door"]),
        reason=str(told["reason"]),
        id=str(told["id"]),
        at=datetime.fromisoformat(told["at"]),
    )


def target_to_json(target: StopTarget) -> dict[str, Any]:
    """As it was written before there were further accounts, where there are none."""
    told = asdict(target) | {"also_in": list(target.also_in)}
    return told if target.also_in else {k: v for k, v in told.items() if k != "also_in"}


def target_from_json(told: Mapping[str, Any]) -> StopTarget:
    also_in = tuple(told.get("also_in", ()))
    access = AccountAccess(**told["access"])
    return StopTarget(**{**told, "access": access, "also_in": also_in})
