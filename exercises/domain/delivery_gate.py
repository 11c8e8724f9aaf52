"""May a pipeline deliver? Fresh, stale or failed, from the runs of one application alone.

Failed: the newest judged run of one of its failures did not hold, however long ago; only a
run that holds puts it right. Fresh: something held, not longer ago than the pipeline allows.
Stale: neither. Not to be mixed up with domain.gate, which lets a run start.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from exercises.domain.errors import Invalid
from exercises.domain.failure_families import wholes_of, words_of

DEFAULT_MAX_AGE: Final = "90d"
SHORTEST: Final = timedelta(hours=1)
LONGEST: Final = timedelta(days=366)
_AGE: Final = re.compile(r"([1-9][0-9]{0,3})([hd])")


class GateStatus(StrEnum):
    FRESH = "fresh"
    STALE = "stale"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Proof:
    """A real run that was judged: which failure, whether the hypothesis held, since when."""

    family: str
    held: bool
    at: datetime
    run_id: str


@dataclass(frozen=True, slots=True)
class FamilyGate:
    """One failure. `proof` is what decides, None when it was never tried."""

    family: str
    status: GateStatus
    proof: Proof | None
    fresh_until: datetime | None


@dataclass(frozen=True, slots=True)
class Gate:
    """The answer, the proof that decided it, and every failure that was looked at."""

    status: GateStatus
    proof: Proof | None
    fresh_until: datetime | None
    because: str
    would_be_fresh: str
    families: tuple[FamilyGate, ...]


def read_age(typed: str, field: str = "max_age") -> timedelta:
    """30d or 12h, from one hour to 366 days. Raises Invalid that names field and limits."""
    match = _AGE.fullmatch(typed)
    age = timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else None
    if age is None or not SHORTEST <= age <= LONGEST:
        raise Invalid(field, "from 1h to 366d, as in 12h or 30d")
    return age


_UNITS: Final = {"h": "hours", "d": "days"}


def gate_of(
    families: Sequence[str], proofs: Iterable[Proof], *, max_age: timedelta, now: datetime
) -> Gate:
    """The gate over these failures; who withstood the whole withstood its parts."""
    known = list(proofs)
    every = tuple(_family_gate(family, known, max_age, now) for family in families)
    deciding = _deciding(every)
    if deciding is None:
        return Gate(GateStatus.STALE, None, None, "Nothing was tried yet.", _wish(every), every)
    return Gate(
        deciding.status,
        deciding.proof,
        deciding.fresh_until,
        _because(deciding),
        _wish([one for one in every if one.status is deciding.status]),
        every,
    )


def _family_gate(
    family: str, proofs: Sequence[Proof], max_age: timedelta, now: datetime
) -> FamilyGate:
    wholes = wholes_of(family)
    fell = _newest(p for p in proofs if p.family == family and not p.held)
    held = _newest(p for p in proofs if p.held and (p.family == family or p.family in wholes))
    # Of two at the same instant the one that did not hold counts.
    if fell is not None and (held is None or held.at <= fell.at):
        return FamilyGate(family, GateStatus.FAILED, fell, None)
    if held is None:
        return FamilyGate(family, GateStatus.STALE, None, None)
    until = held.at + max_age
    status = GateStatus.FRESH if now < until else GateStatus.STALE
    return FamilyGate(family, status, held, until)


def _newest(proofs: Iterable[Proof]) -> Proof | None:
    return max(proofs, key=lambda proof: (proof.at, proof.run_id), default=None)


def _deciding(families: Sequence[FamilyGate]) -> FamilyGate | None:
    """The newest failure if there is one, else what held last."""
    fallen = [one for one in families if one.status is GateStatus.FAILED]
    tried = fallen or [one for one in families if one.proof]
    return max(tried, key=lambda one: (one.proof.at, one.family) if one.proof else (), default=None)


def _because(one: FamilyGate) -> str:
    assert one.proof is not None
    on = f"{one.proof.at:%Y-%m-%d %H:%M} UTC"
    if one.status is GateStatus.FAILED:
        return f"The hypothesis did not hold in the newest run of {words_of(one.family)}, {on}."
    words = words_of(one.proof.family)
    if one.status is GateStatus.FRESH:
        return f"The hypothesis held in the run of {words}, {on}."
    return f"The last run that held, of {words}, was {on}: longer ago than asked for."


def _wish(families: Sequence[FamilyGate]) -> str:
    """What would make it fresh; nothing where it is."""
    if not families:
        return "It takes a template of a failure that can happen to it, and a run that holds."
    status = families[0].status
    if status is GateStatus.FRESH:
        return ""
    if status is GateStatus.FAILED:
        words = " and ".join(words_of(one.family) for one in families)
        return f"It takes a run of {words} that holds."
    words = " or ".join(words_of(one.family) for one in families)
    return f"It takes a run of {words} that holds."
