"""Whether a hypothesis can be wrong at all: if which fault, then what, within how long.

Called by queries.lint; a warning each, since words are free and machines read them badly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from exercises.domain.lint_rules import Problem
from exercises.domain.steady_state import ProbeSpec

FIELD: Final = "hypothesis"

# Words are ASCII, in either case: else a long s (U+017F) would pass for a unit that is none.
_NUMBER: Final = r"(?P<number>\d+(?:[.,]\d+)?|(?a:an?|one|two|three|four|five|ten))"
_UNIT: Final = r"(?P<unit>(?a:ms|milliseconds?|s|sec|seconds?|m|min|mins|minutes?|h|hours?))\b"
_WITHIN: Final = re.compile(
    rf"\b(?:within|in less than|in under|after at most)\s+{_NUMBER}\s*{_UNIT}", re.IGNORECASE
)
_PARTS: Final = (
    ("if which fault", re.compile(r"\b(?:if|when|while)\b", re.IGNORECASE)),
    ("then what stays or comes back", re.compile(r"\bthen\b|,\s*\w", re.IGNORECASE)),
    ("within how long", _WITHIN),
)
_WORDS: Final = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "ten": 10}
_SECONDS: Final = {"ms": 0.001, "m": 60, "s": 1, "h": 3600}


def lint_hypothesis(text: str, probes: Sequence[ProbeSpec]) -> list[Problem]:
    """What the words leave open, and where they promise more than the probes hold them to."""
    if not text.strip():
        return []  # that it is missing is said as a mistake of its own
    missing = [name for name, part in _PARTS if not part.search(text)]
    found = []
    if missing:
        found.append(Problem(FIELD, f"does not say {', '.join(missing)}", "HYPOTHESIS-001"))
    told = max(_times(text), default=0.0)
    # Shorter than a reading is no recovery: "sessions start within 5 s" is a limit of a probe.
    felt = [probe for probe in probes if probe.is_business and told >= probe.period_s]
    strictest = min(felt, key=lambda probe: probe.grace_s, default=None)
    if strictest is not None and strictest.grace_s > told:
        said = f"says within {told:g} s, {strictest.name} may be outside for {strictest.grace_s} s"
        found.append(Problem(FIELD, said, "HYPOTHESIS-002"))
    return found


def _times(text: str) -> Iterator[float]:
    """Every time that the text says something comes within, in seconds."""
    for found in _WITHIN.finditer(text):
        number, unit = found["number"].lower(), found["unit"].lower()
        count = _WORDS[number] if number in _WORDS else float(number.replace(",", "."))
        scale = _SECONDS["ms"] if unit.startswith(("ms", "milli")) else _SECONDS[unit[0]]
        yield count * scale
