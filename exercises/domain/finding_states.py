"""The life of a finding: drafted or found, and closed only by what a re-run showed."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Final

from exercises.domain.errors import Conflict, Refusal, Refused


class FindingState(StrEnum):
    DRAFT = "draft"
    FOUND = "found"
    ACCEPTED = "accepted"
    FIX_AGREED = "fix_agreed"
    FIX_LIVE = "fix_live"
    RETEST = "retest"
    VERIFIED = "verified"
    DISMISSED = "dismissed"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()


class Severity(IntEnum):
    LOW = 1
    MEDIUM = 2
    HIGH = 3

    @property
    def label(self) -> str:
        return self.name.capitalize()


_F = FindingState

LIFE: Final = (_F.FOUND, _F.ACCEPTED, _F.FIX_AGREED, _F.FIX_LIVE, _F.RETEST, _F.VERIFIED)

MOVES: Final[Mapping[FindingState, frozenset[FindingState]]] = MappingProxyType(
    {
        _F.DRAFT: frozenset({_F.FOUND, _F.ACCEPTED, _F.DISMISSED}),
        _F.FOUND: frozenset({_F.ACCEPTED, _F.DISMISSED}),
        _F.ACCEPTED: frozenset({_F.FIX_AGREED, _F.FIX_LIVE}),
        _F.FIX_AGREED: frozenset({_F.ACCEPTED, _F.FIX_LIVE}),
        _F.FIX_LIVE: frozenset({_F.RETEST, _F.FIX_AGREED, _F.VERIFIED}),
        # A re-test that does not hold sends the finding back to its fix.
        _F.RETEST: frozenset({_F.FIX_AGREED, _F.FIX_LIVE, _F.VERIFIED}),
    }
)

AFTER_REGRESSION: Final[Mapping[FindingState, FindingState]] = MappingProxyType(
    {_F.VERIFIED: _F.ACCEPTED, _F.FIX_LIVE: _F.FIX_AGREED, _F.RETEST: _F.FIX_AGREED}
)
"""Where a run that did not hold sends a finding whose fix was taken for good: no person may
take a verified one back, only evidence does."""

OPEN: Final = frozenset(MOVES)
TERMINAL: Final = frozenset(FindingState) - OPEN
STANDING: Final = OPEN - {_F.DRAFT}
"""Said by a person to be one, and not settled yet."""


NO_HELD_RETEST: Final = Refusal(
    rule="finding.no_held_retest",
    because="No run on this failure family has held since the fix went live.",
    lifted_by="Run a re-test; a held verdict verifies the finding.",
)
STILL_SILENT: Final = Refusal(
    rule="finding.alarm_still_silent",
    because="No run on this failure family has set this alarm off since the fix went live.",
    lifted_by="Run a re-test that expects this alarm; that it fires verifies the finding.",
)


def move(
    current: FindingState,
    to: FindingState,
    *,
    is_proven: bool = False,
    unproven: Refusal = NO_HELD_RETEST,
) -> FindingState:
    """Return `to` if a finding may go there.

    Raises Conflict when the table has no such pair, Refused with `unproven` when it would be
    verified without a run that proves its fix.
    """
    if to not in MOVES.get(current, frozenset()):
        raise Conflict(f"a finding cannot go from {current.label.lower()} to {to.label.lower()}")
    if to is _F.VERIFIED and not is_proven:
        raise Refused(unproven)
    return to
