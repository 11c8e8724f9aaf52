"""Whose turn is it? The coverage debt of an application: what was not tried for too long.

debt = weight of the tier × the sum, over the families of failures that can happen to it, of
the months since a real run tried one, twelve at most and twelve when it was never tried.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from exercises.domain.failure_families import words_of

MOST_MONTHS: Final = 12
WEIGHT_OF_TIER: Final[Mapping[int, int]] = {1: 3, 2: 2, 3: 1}
DAYS_OF_A_MONTH: Final = 30.4375

FORMULA: Final = (
    "Coverage debt: weight of the tier (3, 2, 1) × months since each failure that can happen"
    " to it was last tried, summed; never tried and longer ago count as 12."
)


@dataclass(frozen=True, slots=True)
class FamilyAge:
    """One family of failures: how many months ago it was tried; `is_never` says not at all."""

    family: str
    months: int
    is_never: bool

    @property
    def words(self) -> str:
        age = "never" if self.is_never else f"{self.months} m ago"
        return f"{words_of(self.family)} {age}"


@dataclass(frozen=True, slots=True)
class Debt:
    """The debt with what it is made of, the heaviest part first."""

    weight: int
    ages: tuple[FamilyAge, ...]

    @property
    def score(self) -> int:
        return self.weight * sum(age.months for age in self.ages)

    @property
    def reason(self) -> str:
        """The two heaviest parts in words."""
        heavy = [age for age in self.ages if age.months][:2]
        return ", ".join(age.words for age in heavy) or "everything was tried this month"

    @property
    def sum_words(self) -> str:
        """The sum as it was made: 3 × (12 + 5) = 51."""
        terms = " + ".join(str(age.months) for age in self.ages) or "0"
        return f"{self.weight} × ({terms}) = {self.score}"


def debt_of(tier: int, last_tried: Mapping[str, datetime | None], *, now: datetime) -> Debt:
    """The debt of one application. `last_tried` holds each family that can happen to it."""
    ages = [_age(family, at, now) for family, at in last_tried.items()]
    return Debt(
        weight=WEIGHT_OF_TIER.get(tier, 1),
        ages=tuple(sorted(ages, key=lambda age: (-age.months, not age.is_never, age.family))),
    )


def _age(family: str, at: datetime | None, now: datetime) -> FamilyAge:
    if at is None:
        return FamilyAge(family, MOST_MONTHS, is_never=True)
    months = int((now - at).total_seconds() / 86_400 / DAYS_OF_A_MONTH)
    return FamilyAge(family, max(0, min(MOST_MONTHS, months)), is_never=False)
