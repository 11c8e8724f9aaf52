"""The rules of a game day: what earns how many points, and how fast is fast.

A game day keeps them as JSON and freezes them when it goes live; services, pages and the
scoring all read them here. There are no penalties: what is not earned is simply not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from exercises.domain.errors import Invalid

MOST_POINTS: Final = 1000
LONGEST_MIN: Final = 24 * 60
MOST_ROUNDS: Final = 12
MOST_TEAMS: Final = 20

SEVERITIES: Final[Mapping[str, str]] = MappingProxyType(
    {"critical": "Critical", "high": "High", "medium": "Medium", "low": "Low"}
)


@dataclass(frozen=True, slots=True)
class Pace:
    """Planned minutes: in full up to `full`, none from `none` on, in a straight line between."""

    full: int
    none: int


@dataclass(frozen=True, slots=True)
class Thresholds:
    """How fast a fault of one severity is to be detected and recovered from."""

    detection: Pace
    recovery: Pace


@dataclass(frozen=True, slots=True)
class GameRules:
    """Points a round for each of the three, points for each idea, and the most a jury gives."""

    availability: int
    detection: int
    recovery: int
    idea: int
    table_top: int
    bonus: int
    thresholds: Mapping[str, Thresholds]


STANDARD: Final = GameRules(
    availability=60,
    detection=15,
    recovery=15,
    idea=10,
    table_top=90,
    bonus=10,
    thresholds=MappingProxyType(
        {
            "critical": Thresholds(Pace(3, 10), Pace(15, 30)),
            "high": Thresholds(Pace(5, 15), Pace(30, 60)),
            "medium": Thresholds(Pace(10, 20), Pace(45, 90)),
            "low": Thresholds(Pace(15, 30), Pace(60, 120)),
        }
    ),
)
"""A round of injection and a table-top round are worth the same."""

POINTS: Final = ("availability", "detection", "recovery", "idea", "table_top", "bonus")


def rules_to_json(rules: GameRules) -> dict[str, object]:
    return {name: getattr(rules, name) for name in POINTS} | {
        "thresholds": {
            severity: {
                name: [getattr(found, name).full, getattr(found, name).none]
                for name in ("detection", "recovery")
            }
            for severity, found in rules.thresholds.items()
        }
    }


def rules_from_json(document: object) -> GameRules:
    """Read rules. Raises Invalid that names every field at fault: `thresholds.high.detection`.

    What is left out is as in the standard rules.
    """
    if not isinstance(document, Mapping):
        raise Invalid("rules", "must be an object")
    problems = [
        (str(name), "is not known") for name in document if name not in {*POINTS, "thresholds"}
    ]
    points: dict[str, int] = {}
    for name in POINTS:
        value = document.get(name, getattr(STANDARD, name))
        if not _is_whole(value, 0, MOST_POINTS):
            problems.append((name, f"a whole number from 0 to {MOST_POINTS:,}"))
        else:
            points[name] = value
    thresholds = _thresholds(document.get("thresholds", {}), problems)
    if problems:
        raise Invalid.of(problems)
    return GameRules(**points, thresholds=MappingProxyType(thresholds))


def _thresholds(document: object, problems: list[tuple[str, str]]) -> dict[str, Thresholds]:
    if not isinstance(document, Mapping):
        problems.append(("thresholds", "must be an object"))
        return {}
    problems += [
        (f"thresholds.{name}", f"one of {', '.join(SEVERITIES)}")
        for name in document
        if name not in SEVERITIES
    ]
    found = {}
    for severity in SEVERITIES:
        standard = STANDARD.thresholds[severity]
        row = document.get(severity, {})
        if not isinstance(row, Mapping):
            problems.append((f"thresholds.{severity}", "must be an object"))
            continue
        problems += [
            (f"thresholds.{severity}.{name}", "detection or recovery")
            for name in row
            if name not in {"detection", "recovery"}
        ]
        found[severity] = Thresholds(
            _pace(row, severity, "detection", standard.detection, problems),
            _pace(row, severity, "recovery", standard.recovery, problems),
        )
    return found


def _pace(
    row: Mapping[str, object],
    severity: str,
    name: str,
    standard: Pace,
    problems: list[tuple[str, str]],
) -> Pace:
    if name not in row:
        return standard
    value = row[name]
    if isinstance(value, list | tuple) and len(value) == 2:
        full, none = value
        if _is_whole(full, 0, LONGEST_MIN) and _is_whole(none, 1, LONGEST_MIN) and full < none:
            return Pace(full, none)
    problems.append(
        (
            f"thresholds.{severity}.{name}",
            f"two whole numbers of minutes, the first smaller, at most {LONGEST_MIN:,}",
        )
    )
    return standard


def _is_whole(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
