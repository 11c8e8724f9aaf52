"""The resilience score: what was proved, and how long ago.

Each failure that can happen to an application is worth what its judged runs proved since the
last that did not hold, and halves with every half year without a re-test. queries.score
gathers the facts; the page says the formula and shows each part.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from exercises.domain.failure_families import wholes_of
from exercises.domain.rotation import WEIGHT_OF_TIER

HALVES_AFTER_DAYS: Final = 180
FORGOTTEN_AFTER_DAYS: Final = 730
OUTSIDE_PRODUCTION: Final = 0.5

FORMULA: Final = (
    "An application's score is the mean, over the failures that can happen to it, of what was"
    " proved of each: 100 where the hypothesis held in production, 50 where it held outside of"
    " production, 0 where the last one tried did not hold or none was tried. What was proved"
    f" halves every {HALVES_AFTER_DAYS} days and is forgotten after {FORGOTTEN_AFTER_DAYS}. Who"
    " withstood the whole (the power loss of a zone) withstood its parts. A team's score, and"
    " that of all, is the mean of its applications weighted by tier (3, 2, 1)."
)


@dataclass(frozen=True, slots=True)
class Proof:
    """A judged run of one failure: did the hypothesis hold, where, on which day."""

    application_id: int
    family: str
    is_production: bool
    held: bool
    on: date


@dataclass(frozen=True, slots=True)
class Part:
    """One failure of an application, its newest proof, and what that is worth now (0 to 100)."""

    family: str
    proof: Proof | None
    worth: float


@dataclass(frozen=True, slots=True)
class ApplicationScore:
    """`percent` is None where no failure of the catalogue can happen to it."""

    parts: tuple[Part, ...]

    @property
    def percent(self) -> float | None:
        if not self.parts:
            return None
        return sum(part.worth for part in self.parts) / len(self.parts)


def worth_of(proof: Proof, as_of: date) -> float:
    """What a run proves on a day, from 0 to 100."""
    age = (as_of - proof.on).days
    if not proof.held or age > FORGOTTEN_AFTER_DAYS:
        return 0.0
    full = 100.0 if proof.is_production else 100.0 * OUTSIDE_PRODUCTION
    return float(full * 0.5 ** (max(0, age) / HALVES_AFTER_DAYS))


def score_of(families: Sequence[str], proofs: Iterable[Proof], as_of: date) -> ApplicationScore:
    """The score of one application on a day, from the runs up to it."""
    known = [proof for proof in proofs if proof.on <= as_of]
    return ApplicationScore(tuple(_part(family, known, as_of) for family in families))


def _part(family: str, proofs: Sequence[Proof], as_of: date) -> Part:
    """The best proof since the last run that did not hold; of one day, the one that did not.

    A whole that did not hold says nothing of its part, one that held does. A try outside of
    production takes nothing away from what was proved in production.
    """
    wholes = wholes_of(family)
    fell = max((p for p in proofs if p.family == family and not p.held), key=_on, default=None)
    held = [
        proof
        for proof in proofs
        if proof.held
        and (proof.family == family or proof.family in wholes)
        and (fell is None or proof.on > fell.on)
    ]
    best = max(held, key=lambda p: (worth_of(p, as_of), p.on, p.family), default=fell)
    return Part(family, best, worth_of(best, as_of) if best else 0.0)


def _on(proof: Proof) -> date:
    return proof.on


def weighted(scores: Iterable[tuple[int, float | None]]) -> float | None:
    """The mean of (tier, score), weighted by tier; None where there is nothing to count."""
    known = [(weight_of(tier), score) for tier, score in scores if score is not None]
    total = sum(weight for weight, _ in known)
    return sum(weight * score for weight, score in known) / total if total else None


def weight_of(tier: int) -> int:
    return WEIGHT_OF_TIER.get(tier, 1)


@dataclass(frozen=True, slots=True)
class Scored:
    """An application with the failures that can happen to it and all that was proved."""

    id: int
    team_id: int
    tier: int
    families: tuple[str, ...]
    proofs: tuple[Proof, ...]

    def on(self, day: date) -> ApplicationScore:
        return score_of(self.families, self.proofs, day)


def score_of_all(applications: Iterable[Scored], day: date) -> float | None:
    """The score of these applications together."""
    return weighted((one.tier, one.on(day).percent) for one in applications)
