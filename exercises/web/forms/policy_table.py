"""The policy's document as a table of fields, and back. Used by web.policy.

Nothing is checked here: what was typed becomes the document, and domain.policy_document says
what is wrong with it by row and field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from exercises.domain.blast_radius import Rung
from exercises.domain.capacities import Capacity, label
from exercises.domain.policy import ENVIRONMENTS, MOST_ROWS, TIERS
from exercises.domain.working_hours import WEEKDAYS

ENVIRONMENT_WORDS = {
    "dev": "Development",
    "pre-production": "Pre-production",
    "production": "Production",
}
_NUMBERS = (
    ("max_minutes", "Longest", "min"),
    ("max_targets", "Resources at most", ""),
    ("approval_days", "Approval holds", "days"),
    ("lead_time_h", "Between approval and start", "h"),
    ("rehearsal_age_h", "Rehearsed at most before", "h"),
)
_SWITCHES = (
    ("needs_alarm", "An alarm has to stop it"),
    ("policy_alone", "Self-service by the policy alone"),
)
_LISTS = ("environments", "rungs", "tiers")
FIELD_WORDS = {name: words for name, words, _ in _NUMBERS} | {
    "environments": "Where",
    "rungs": "Reaches",
    "tiers": "Tier",
    "approvals": "Who agrees",
    "policy_alone": "Self-service by the policy alone",
    "needs_alarm": "Alarm",
    "hours": "Hours",
}
_OTHER_WORDS = {
    "concurrency.per_place": "Experiments at once in an account and Region",
    "reason": "Why",
    "rules": "Rules",
    "rows": "Rows",
}
_OTHER_NAMES = {"concurrency.per_place": "per_place", "concurrency": "per_place"}

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cell:
    """One input of a row, or one group of boxes, and what is wrong with it."""

    name: str
    label: str
    value: Any
    unit: str = ""
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mistake:
    """One problem of the document: where it is in words, and the name of its input."""

    where: str
    text: str
    name: str


def mistakes(problems: Iterable[tuple[str, str]]) -> list[Mistake]:
    """rows.2.max_minutes is “Row 2, Longest”, and the input 1-max_minutes."""
    return [_mistake(field, text) for field, text in problems]


def _mistake(field: str, text: str) -> Mistake:
    row = re.fullmatch(r"rows\.(\d+)(?:\.(\w+))?(?:\.(\w+))?", field)
    if row is None:
        return Mistake(_OTHER_WORDS.get(field, field), text, _OTHER_NAMES.get(field, field))
    inside = label(Capacity(row[3])) if row[3] in set(Capacity) else row[3]
    words = [f"Row {row[1]}", FIELD_WORDS.get(row[2], row[2]), inside]
    name = f"{int(row[1]) - 1}-{row[3] or row[2] or 'row'}"
    return Mistake(", ".join(filter(None, words)), text, name)


def rows_to_fill(document: Mapping[str, Any], wrong: Sequence[Mistake] = ()) -> list[Row]:
    """Each row as the template draws it: boxes with their state, numbers with their unit,
    each with its mistakes."""
    rows = document.get("rows")
    errors: dict[str, tuple[str, ...]] = {}
    for mistake in wrong:
        errors[mistake.name] = (*errors.get(mistake.name, ()), mistake.text)
    return [_drawn(i, row, errors) for i, row in enumerate(rows if isinstance(rows, list) else [])]


def document_from(sent: QueryDict) -> dict[str, object]:
    """What was typed into the table, as a document."""
    count = _number(sent.get("rows", ""))
    within = min(count, MOST_ROWS + 1) if isinstance(count, int) else 0
    return {
        "rows": [_read(sent, i) for i in range(within)],
        "concurrency": {"per_place": _number(sent.get("per_place", ""))},
    }


def rearranged(document: dict[str, Any], then: str) -> dict[str, object] | None:
    """The document after add, remove-2 or up-2 was pressed; None for any other button."""
    rows = list(document["rows"])
    button = re.fullmatch(r"(add|remove|up)(?:-(\d{1,3}))?", then)
    if button is None:
        return None
    at = int(button[2] or 0)
    if button[1] == "add" and rows:
        rows.append(dict(rows[-1]))
    elif button[1] == "remove" and at < len(rows) > 1:
        del rows[at]
    elif button[1] == "up" and 0 < at < len(rows):
        rows[at - 1], rows[at] = rows[at], rows[at - 1]
    return document | {"rows": rows}


def _drawn(index: int, row: object, errors: Mapping[str, tuple[str, ...]]) -> Row:
    def cell(name: str, words: str, value: Any, unit: str = "") -> Cell:
        return Cell(f"{index}-{name}", words, value, unit, errors.get(f"{index}-{name}", ()))

    typed: Mapping[str, Any] = row if isinstance(row, Mapping) else {}
    approvals = typed.get("approvals")
    asked = approvals if isinstance(approvals, Mapping) else {}
    hours = typed.get("hours")
    when = hours if isinstance(hours, Mapping) else {}
    choices: dict[str, list[tuple[Any, str]]] = {
        "environments": [(name, ENVIRONMENT_WORDS[name]) for name in reversed(ENVIRONMENTS)],
        "rungs": [(rung.value, rung.words) for rung in Rung],
        "tiers": [(tier, f"Tier {tier}") for tier in TIERS],
    }
    hours = [
        cell("days", "Days", _boxes([(day, day) for day in WEEKDAYS], when.get("days"))),
        cell("from", "From", when.get("from", "")),
        cell("until", "Until", when.get("until", "")),
        cell("zone", "Time zone", when.get("zone", "")),
    ]
    return {
        "index": index,
        "all": cell("row", "", None),
        "groups": [
            cell(name, FIELD_WORDS[name], _boxes(choices[name], typed.get(name))) for name in _LISTS
        ],
        "approvals": cell("approvals", FIELD_WORDS["approvals"], None),
        "people": [cell(c.value, label(c), asked.get(c.value, 0)) for c in Capacity],
        "numbers": [
            cell(name, words, _shown(typed.get(name)), unit) for name, words, unit in _NUMBERS
        ],
        "switches": [cell(name, words, typed.get(name) is True) for name, words in _SWITCHES],
        **{each.name.partition("-")[2]: each for each in hours},
        "has_hours": bool(when) or any(each.errors for each in hours),
    }


def _boxes(choices: list[tuple[Any, str]], chosen: object) -> list[tuple[Any, str, bool]]:
    among = chosen if isinstance(chosen, list) else []
    return [(value, words, value in among) for value, words in choices]


def _shown(value: object) -> object:
    return "" if value is None else value


def _read(sent: QueryDict, index: int) -> dict[str, object]:
    def one(name: str) -> str:
        return sent.get(f"{index}-{name}", "").strip()

    row: dict[str, object] = {
        "environments": sent.getlist(f"{index}-environments"),
        "rungs": [_number(text) for text in sent.getlist(f"{index}-rungs")],
        "tiers": [_number(text) for text in sent.getlist(f"{index}-tiers")],
        "approvals": {
            c.value: _number(one(c.value)) for c in Capacity if one(c.value) not in {"", "0"}
        },
        "policy_alone": bool(one("policy_alone")),
        "needs_alarm": bool(one("needs_alarm")),
    }
    row |= {name: _number(one(name)) for name, _, _ in _NUMBERS if one(name)}
    days = sent.getlist(f"{index}-days")
    if days or one("from") or one("until"):
        row["hours"] = {
            "zone": one("zone"),
            "days": days,
            "from": one("from"),
            "until": one("until"),
        }
    return row


def _number(text: str) -> int | str:
    """A whole number; anything else stays as it was typed, to be refused by its field."""
    return int(text) if re.fullmatch(r"\d{1,9}", text, re.ASCII) else text
