"""What a start needs beside its approvals: two people, its wave, the teams' go, fresh checks.

Pure rules over facts; `queries.going_live` gathers them for the start gate and the pages.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from exercises.domain.errors import Refusal

TWO_PEOPLE_FROM: Final = 3
"""From this rung on, in production, a fault takes a whole zone or more."""
MOST_TRIES: Final = 5
"""How often the code may be typed wrong before the lead says Go again."""


TWO_PEOPLE: Final = Refusal(
    "go.two_people",
    "In production this rung starts only when two people have said Go.",
    "The exercise lead says Go, the safety officer types the code.",
)


@dataclass(frozen=True, slots=True)
class GoFacts:
    """One run before its start. `held_after` is the wave whose hold point still holds it;
    `no_go` names who said no-go; `unready` the checks that failed, aged out or are missing."""

    takes_two: bool
    has_pair: bool
    held_after: int | None
    no_go: tuple[str, ...]
    unready: tuple[str, ...]


def readiness_digest(lines: Iterable[str]) -> str:
    """What the first of two people said Go to; another content, slot or team is another Go."""
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def own_refusals(*, takes_two: bool, has_pair: bool) -> tuple[Refusal, ...]:
    """What going live asks of an experiment on its own. `has_pair` is a pair for what it is now."""
    if not takes_two or has_pair:
        return ()
    return (
        Refusal(
            "go.two_people",
            "In production this rung starts only when two people have said Go.",
            "Its team says Go, a safety officer types its code.",
        ),
    )


def takes_two(*, environment: str, rung: int) -> bool:
    """Whether this experiment starts only on the word of two people."""
    return environment == "production" and rung >= TWO_PEOPLE_FROM


def refusals(facts: GoFacts) -> tuple[Refusal, ...]:
    """Every rule of going live that refuses this start."""
    found = []
    if facts.takes_two and not facts.has_pair:
        found.append(TWO_PEOPLE)
    if facts.held_after is not None:
        found.append(
            Refusal(
                "wave.held",
                f"The hold point after wave {facts.held_after} was not continued.",
                "The exercise lead continues.",
            )
        )
    if facts.no_go:
        found.append(Refusal("poll.no_go", f"No-go from {', '.join(facts.no_go)}.", "They say go."))
    if facts.unready:
        found.append(
            Refusal(
                "preflight.not_ready",
                f"Pre-flight is not ready: {'; '.join(facts.unready)}.",
                "Run the check again, or put right what failed.",
            )
        )
    return tuple(found)


def is_code(typed: str, code: str) -> bool:
    """Whether the code was typed; a paste may carry spaces, and case does not matter."""
    return typed.strip().casefold() == code.casefold()


def held_after(wave: int, hold_points: Iterable[tuple[int, bool]]) -> int | None:
    """The first hold point before this wave that nobody continued, as the wave it follows.

    `hold_points` are (after_wave, is_continued).
    """
    waiting = [after for after, is_continued in hold_points if after < wave and not is_continued]
    return min(waiting, default=None)
