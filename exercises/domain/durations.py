"""Durations as FIS writes them (ISO 8601, "PT5M"), in seconds, in words, and on the wall clock."""

from __future__ import annotations

import re
from typing import Final

from exercises.domain.errors import Invalid

_ISO: Final = re.compile(
    r"P(?:(?P<d>\d+)D)?(?:T(?:(?P<h>\d+)H)?(?:(?P<m>\d+)M)?(?:(?P<s>\d+)S)?)?", re.ASCII
)
_UNITS: Final = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}


def iso_seconds(text: str) -> int:
    """Seconds of an ISO 8601 duration in days and smaller units (ISO 8601-1, 5.5.2).

    Raises Invalid for anything else; months and years have no fixed length.
    """
    match = _ISO.fullmatch(text)
    if match is None or text.endswith(("P", "T")):
        raise Invalid("duration", f"{text!r} is not an ISO 8601 duration such as PT5M")
    return sum(int(n) * _UNITS[unit] for unit, n in match.groupdict().items() if n)


def iso(seconds: int) -> str:
    """The shortest form with minutes as FIS users write it: 300 is PT5M, 90 is PT1M30S."""
    if seconds < 0:
        raise Invalid("duration", "cannot be negative")
    minutes, rest = divmod(seconds, 60)
    if not minutes:
        return f"PT{rest}S"
    return f"PT{minutes}M{rest}S" if rest else f"PT{minutes}M"


def wall_seconds(planned_s: float, speed: float) -> float:
    """Planned seconds as seconds of the wall clock; they differ only on a simulated estate."""
    return planned_s / speed


def in_words(span_s: float) -> str:
    """14 m 32 s; at most two units, the largest first. Rounded down: never what has not passed."""
    total = int(span_s)
    sign, total = ("-", -total) if total < 0 else ("", total)
    minutes, seconds = divmod(total, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    units = [(days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s")]
    first = next((i for i, (count, _) in enumerate(units) if count), 3)
    shown = [f"{count} {unit}" for count, unit in units[first : first + 2] if count]
    return sign + " ".join(shown or ["0 s"])
