"""Misbehaviour on demand: what AWS does at times, so that tests can have it at will.

`POST /simulator/knobs` takes one `Knob` as JSON, `DELETE` takes all of them back. The front
door asks `Knobs` around every FIS operation and every AssumeRole. `leave_nacl` and
`leave_stopped` have the rollback of an action pass over a subnet or an instance: their operation
is the id of the action.
"""

from __future__ import annotations

import dataclasses
import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

ANY: Final = "*"
ERRORS: Final = {
    "throttle": "ThrottlingException",
    "fail": "InternalServerException",
    "fail_after": "InternalServerException",
    "deny": "AccessDeniedException",
}
"""Kinds that answer with an error: before the effect, `fail_after` after it."""

KINDS: Final = (
    *ERRORS,
    "lose_request",
    "lose_response",
    "delay",
    "list_lag",
    "change_template",
    "stuck_stopping",
    "leave_nacl",
    "leave_stopped",
)


class Lost(Exception):
    """The connection breaks and nobody answers."""


@dataclass(slots=True)
class Knob:
    """One thing that goes wrong.

    `count` is how often still (None: for as long as the knob is there). `probability` is
    of each time. `seconds` are real seconds of a delay, engine seconds of the rest.
    """

    kind: str
    operation: str = ANY
    account: str = ANY
    count: int | None = None
    probability: float = 1.0
    seconds: float = 0.0


class Knobs:
    """The knobs that are set. Choices come from the seed, so that a run can be repeated."""

    def __init__(self, seed: int = 0) -> None:
        self._set: list[Knob] = []
        self._rng = random.Random(seed)
        self._lock = threading.Lock()

    def add(self, knob: Knob) -> None:
        with self._lock:
            self._set.append(knob)

    def clear(self, seed: int | None = None) -> None:
        """Take every knob back; with a seed the choices begin anew."""
        with self._lock:
            self._set.clear()
            if seed is not None:
                self._rng = random.Random(seed)

    def shown(self) -> list[dict[str, Any]]:
        with self._lock:
            return [dataclasses.asdict(knob) for knob in self._set]

    def hit(self, kind: str, operation: str, account: str) -> Knob | None:
        """The first knob of this kind that acts on this call, used up once; None for none."""
        with self._lock:
            for knob in self._set:
                if self._acts(knob, kind, operation, account):
                    if knob.count is not None:
                        knob.count -= 1
                    return knob
        return None

    def _acts(self, knob: Knob, kind: str, operation: str, account: str) -> bool:
        return (
            knob.kind == kind
            and knob.operation in (ANY, operation)
            and knob.account in (ANY, account)
            and knob.count != 0
            and (knob.probability >= 1 or self._rng.random() < knob.probability)
        )


def knob_of(given: object) -> Knob:
    """A knob from JSON. Raises ValueError that names what is wrong."""
    if not isinstance(given, Mapping):
        raise ValueError("Send a JSON object.")  # noqa: TRY004 - it came from outside
    names = {field.name for field in dataclasses.fields(Knob)}
    unknown = set(given) - names
    if unknown:
        raise ValueError(f"Unknown: {', '.join(sorted(unknown))}; known: {', '.join(names)}.")
    if given.get("kind") not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, not {given.get('kind')!r}.")
    for name in ("operation", "account"):
        if not isinstance(given.get(name, ""), str):
            raise ValueError(f"{name} must be text.")  # noqa: TRY004
    count = given.get("count")
    if count is not None and (not isinstance(count, int) or isinstance(count, bool) or count < 1):
        raise ValueError(f"count must be 1 or more, or left out, not {count!r}.")
    _check_number(given, "probability", least=0, most=1)
    _check_number(given, "seconds", least=0, most=86_400)
    return Knob(**given)


def _check_number(given: Mapping[str, Any], name: str, *, least: float, most: float) -> None:
    value = given.get(name, least)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not least <= value <= most:
        raise ValueError(f"{name} must be a number from {least:g} to {most:g}, not {value!r}.")
