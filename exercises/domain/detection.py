"""The chain of a detection: injected, moved, alarmed, acknowledged, steady again. Pure.

queries.detection gathers what is known of a run; the live room, the debrief, the reports and
the API show the same chain.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from exercises.domain.stop_alarms import MISSING

OUTSIDE: Final = "probe.outside"
INSIDE: Final = "probe.inside"
FIRED: Final = "alarm.fired"
CLEARED: Final = "alarm.cleared"
UNREADABLE: Final = "alarm.unreadable"
ACKNOWLEDGED: Final = "run.acknowledged"

KINDS: Final = (OUTSIDE, INSIDE, FIRED, CLEARED, ACKNOWLEDGED)
"""The lines of the log that a chain is made of."""

_OF_STATE: Final[Mapping[str, str]] = {
    "ALARM": FIRED,
    "OK": CLEARED,
    "INSUFFICIENT_DATA": UNREADABLE,
    MISSING: UNREADABLE,
}
"""That AWS did not tell is no state of an alarm: the last one that was seen stands."""


@dataclass(frozen=True, slots=True)
class Step:
    """When it came, in planned seconds from the injection, and what or who it was."""

    at: datetime
    after_s: float
    what: str


@dataclass(frozen=True, slots=True)
class Chain:
    """What was seen of a fault; a step is None while it has not come.

    `is_over`: the run was judged, so what has not come never will.
    """

    injected_at: datetime
    moved: Step | None
    alarmed: Step | None
    acknowledged: Step | None
    steady: Step | None
    is_over: bool


@dataclass(frozen=True, slots=True)
class Logged:
    """A line of the log: of which probe or alarm, or by whom."""

    kind: str
    at: datetime
    subject: str = ""


def chain_of(
    lines: Sequence[Logged],
    *,
    injected_at: datetime,
    names: Mapping[str, str],
    judged: Sequence[Mapping[str, object]] | None,
    speed: float,
) -> Chain:
    """The chain of one run. `lines` are in time order; `names` are those of the probes.

    `judged` are the probes as the verdict kept them. While there is no verdict the log says
    when probes went outside; the verdict knows of silence, too, and is what counts then.
    """
    after = [line for line in lines if line.at >= injected_at]

    def step(found: tuple[datetime, str] | None) -> Step | None:
        if found is None:
            return None
        at, what = found
        return Step(at, (at - injected_at).total_seconds() * speed, what)

    def first(kind: str) -> tuple[datetime, str] | None:
        return next(((line.at, line.subject) for line in after if line.kind == kind), None)

    moved, steady = _of_verdict(judged) if judged is not None else _of_log(after)
    return Chain(
        injected_at=injected_at,
        moved=step(_named(moved, names)),
        alarmed=step(first(FIRED)),
        acknowledged=step(first(ACKNOWLEDGED)),
        steady=step(_named(steady, names)),
        is_over=judged is not None,
    )


_Found = tuple[datetime, str] | None


def _of_verdict(judged: Sequence[Mapping[str, object]]) -> tuple[_Found, _Found]:
    left = [(first, row) for row in judged if (first := first_outside(row)) is not None]
    if not left:
        return None, None
    begins, probe = min(left, key=lambda pair: pair[0])
    moved = begins, str(probe["key"])
    back = [(end, str(row["key"])) for _, row in left if (end := _back_inside(row)) is not None]
    return moved, max(back) if len(back) == len(left) else None


def first_outside(row: Mapping[str, object]) -> datetime | None:
    """When a judged probe went outside first; rows of older verdicts know its longest time."""
    at = row.get("first_outside") or row.get("outside_from")
    return datetime.fromisoformat(str(at)) if at else None


def _back_inside(row: Mapping[str, object]) -> datetime | None:
    at = row.get("back_inside") or row.get("outside_to")
    return datetime.fromisoformat(str(at)) if at and row.get("recovered") else None


def _of_log(after: Iterable[Logged]) -> tuple[_Found, _Found]:
    moved: _Found = None
    outside: set[str] = set()
    steady: _Found = None
    for line in after:
        if line.kind == OUTSIDE:
            moved = moved or (line.at, line.subject)
            outside.add(line.subject)
            steady = None
        elif line.kind == INSIDE and line.subject in outside:
            outside.discard(line.subject)
            steady = None if outside else (line.at, line.subject)
    return moved, steady


def _named(found: _Found, names: Mapping[str, str]) -> _Found:
    return None if found is None else (found[0], names.get(found[1], found[1]))


def alarm_lines(before: Mapping[str, str], told: Mapping[str, str]) -> list[tuple[str, str]]:
    """What to log of alarms whose state is another than the last that is logged, as (ARN, kind).

    An alarm that was never logged counts as quiet.
    """
    found = []
    for arn, state in told.items():
        kind = _OF_STATE.get(state)
        if kind is not None and kind != before.get(arn, CLEARED):
            found.append((arn, kind))
    return found
