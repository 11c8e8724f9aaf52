"""The delayed check: is it still steady long after the fault ended? What may be asked for.

Called by queries.plans and services; the check itself is judged in domain.verdicts.
"""

from __future__ import annotations

from typing import Final

LEAST_MIN: Final = 10
"""The recovery and the readings of the check do not overlap."""
MOST_MIN: Final = 240

WINDOW_S: Final = 300
"""Planned seconds of readings, up to the moment of the check, that say how it is then."""


def recheck_problems(after_min: int) -> list[tuple[str, str]]:
    """What is wrong with the time of the check, in planned minutes after the end."""
    if after_min == 0 or LEAST_MIN <= after_min <= MOST_MIN:
        return []
    return [("recheck_after_min", f"{LEAST_MIN} to {MOST_MIN} minutes, or 0 for no delayed check")]
