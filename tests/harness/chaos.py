"""From a seed to what goes wrong with real processes around the start of its runs."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from exercises.failpoints import BETWEEN, INSIDE
from tests.harness.schedule import KNOBS, REFUSED_FOR_GOOD

SLOT_S: Final = 3.0
"""Wall seconds from Go to the slot."""
LASTS_S: Final = 7.0
"""Wall seconds from Go until everything is healed."""

PROCESSES: Final = ("worker-1", "worker-2", "web-1", "web-2", "beat-1", "beat-2", "sentinel")
SERVERS: Final = ("Valkey", "Valkey", "PostgreSQL")
PLACES: Final = sorted(INSIDE | BETWEEN)
PERSONAL: Final = {
    "go.before_commit": "go",
    "decide.before_commit": "decide",
    "edit.before_commit": "edit",
}
"""Where a person's process dies before Go: the act has not happened."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens `at` seconds after Go."""

    at: float
    kind: str
    what: str = ""
    seconds: float = 0.0
    knob: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """What happens to one exercise of two runs."""

    seed: int
    events: tuple[Event, ...] = field(default=())

    @property
    def refuses_for_good(self) -> bool:
        return any(e.knob is not None and e.knob["kind"] in REFUSED_FOR_GOOD for e in self.events)


def story(seed: int) -> Story:
    rng = random.Random(seed)
    # Each seed has a failpoint of its own, in turn, so that each is killed at again and again.
    events = list(_killed_at(rng, PLACES[seed % len(PLACES)]))
    events += [_fault(rng) for _ in range(rng.randint(0, 2))]
    if rng.random() < 0.5:
        events.append(_act(rng))
    return Story(seed, tuple(sorted(events, key=lambda event: event.at)))


def _killed_at(rng: random.Random, place: str) -> Iterator[Event]:
    """An order, and what it takes for somebody to come by there."""
    yield Event(rng.uniform(0, SLOT_S - 1), "order", place)
    if place in PERSONAL:
        return
    if place.startswith("settle."):
        kind = "lose_response" if place == "settle.found" else "lose_request"
        knob = {"kind": kind, "operation": "StartExperiment", "count": 1}
        yield Event(rng.uniform(0, SLOT_S - 1), "knob", knob=knob)
    if place.startswith("stop.") or place == "observe.redriven":
        at = rng.uniform(SLOT_S - 1, LASTS_S - 2)
        yield Event(at, rng.choice(("stop", "stop_all")), rng.choice(("0", "1")))


def _fault(rng: random.Random) -> Event:
    at = rng.uniform(0, LASTS_S - 1)
    draw = rng.random()
    if draw < 0.25:
        return Event(at, "order", rng.choice(PLACES), rng.choice((0.0, 0.0, 3.0)))
    if draw < 0.45:
        return Event(at, "kill", rng.choice(PROCESSES))
    if draw < 0.60:
        return Event(at, "hang", rng.choice(PROCESSES), rng.uniform(1, 4))
    if draw < 0.68:
        return Event(at, "kill", rng.choice(SERVERS))
    if draw < 0.75:
        return Event(at, "hang", rng.choice(SERVERS), rng.uniform(1, 4))
    kind, operation = rng.choice(KNOBS)
    seconds = {"list_lag": 120.0, "stuck_stopping": 300.0}.get(kind, 0.0)
    knob: dict[str, Any] = {"kind": kind, "operation": operation, "seconds": seconds}
    if kind != "list_lag":
        knob["count"] = rng.choice((1, 1, 2, 3))
    return Event(rng.uniform(0, SLOT_S), "knob", knob=knob)


def _act(rng: random.Random) -> Event:
    at = rng.uniform(SLOT_S - 1.5, LASTS_S - 1)
    # Freezes are for all who play side by side, so they are rare.
    kind = rng.choice((*["stop"] * 4, *["stop_all"] * 4, "decline", "decline", "freeze"))
    return Event(at, kind, rng.choice(("0", "1")), 2.0)
