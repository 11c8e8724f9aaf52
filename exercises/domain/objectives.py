"""The objectives of an application: how available, back how soon, with how much data lost."""

from __future__ import annotations

from typing import Final

LONGEST_S: Final = 30 * 24 * 3600


def objective_problems(
    *, slo_percent: float | None, rto_s: int | None, rpo_s: int | None
) -> list[tuple[str, str]]:
    """Each that lies outside its limits, by field; None is none."""
    problems: list[tuple[str, str]] = []
    if slo_percent is not None and not 0 < slo_percent < 100:
        problems.append(("slo_percent", "above 0 and below 100"))
    problems += [
        (field, f"between 0 and {LONGEST_S // 3600} hours")
        for field, value in (("rto_s", rto_s), ("rpo_s", rpo_s))
        if value is not None and not 0 <= value <= LONGEST_S
    ]
    return problems
