"""ISO 8601 durations as FIS takes them. Used by the template rules and the effects."""

from __future__ import annotations

import re

PATTERN = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


def seconds(text: str) -> int:
    """The seconds of `PT1H30M`; ValueError when it is no duration."""
    match = PATTERN.fullmatch(text)
    if not match or not any(match.groups()):
        raise ValueError(f"{text!r} is not an ISO 8601 duration")
    days, hours, minutes, rest = (int(part or 0) for part in match.groups())
    return days * 86400 + hours * 3600 + minutes * 60 + rest
